/** Where `npm test` installs packages: in CI, and as root of a container of Debian. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

import { isCi, reasonToInstall } from '../../programs/when-to-install.ts'

const realRoot = '25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n'
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A root file system of Debian on a machine of its own. @param files laid over it. */
function rootWith(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(path.join(tmpdir(), 'machine-'))
  folders.push(root)
  const all = { 'usr/bin/apt-get': '', 'proc/self/mountinfo': realRoot, ...files }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), text)
  }
  mkdirSync(path.join(root, 'proc/1'), { recursive: true })
  symlinkSync('../..', path.join(root, 'proc/1/root'))
  return root
}

const asRootOn = (root: string, environment: Readonly<Record<string, string>> = {}) =>
  reasonToInstall({ root, environment, userId: 0 })

describe('npm test as root', () => {
  it('installs nothing on a machine', () => {
    const root = rootWith({ 'proc/1/environ': 'HOME=/\0TERM=linux\0' })
    expect(asRootOn(root)).toBe(undefined)
  })

  it.each([
    ['.dockerenv', ''],
    ['run/.containerenv', ''],
    ['run/host/container-manager', 'systemd-nspawn'],
    ['run/systemd/container', 'lxc'],
    ['proc/1/environ', 'HOME=/\0container=podman\0'],
    ['proc/self/mountinfo', '1 0 0:50 / / rw,relatime - overlay overlay rw\n'],
    ['proc/self/mountinfo', '1 0 0:50 / /proc rw,relatime - proc proc rw\n'],
  ])('installs in a container, which %s shows', (file, text) => {
    expect(asRootOn(rootWith({ [file]: text }))).toMatch(/^root in a container \(.+\)$/)
  })

  it.each(['container', 'KUBERNETES_SERVICE_HOST'])('installs where $%s is set', (name) => {
    expect(asRootOn(rootWith(), { [name]: 'any' })).toBe(`root in a container ($${name})`)
  })

  it('installs in a chroot that is a mount', () => {
    const root = rootWith()
    rmSync(path.join(root, 'proc/1/root'))
    symlinkSync('/', path.join(root, 'proc/1/root'))
    expect(asRootOn(root)).toBe('root in a container (chroot)')
  })

  it('installs nothing where process 1 is not to be seen', () => {
    const root = rootWith()
    rmSync(path.join(root, 'proc/1/root'))
    expect(asRootOn(root)).toBe(undefined)
  })

  it('installs nothing in a container without apt-get', () => {
    const root = rootWith({ '.dockerenv': '' })
    rmSync(path.join(root, 'usr/bin/apt-get'))
    expect(asRootOn(root)).toBe(undefined)
  })
})

describe('npm test as an ordinary user', () => {
  it('installs nothing, in a container either', () => {
    const root = rootWith({ '.dockerenv': '' })
    expect(reasonToInstall({ root, environment: {}, userId: 1000 })).toBe(undefined)
  })

  it('installs in CI', () => {
    expect(reasonToInstall({ root: rootWith(), environment: { CI: 'true' }, userId: 1000 })).toBe(
      'CI=true',
    )
  })
})

it.each([
  ['true', true],
  ['1', true],
  ['false', false],
  ['', false],
  [undefined, false],
])('reads CI=%j as CI: %j', (CI, is) => {
  expect(isCi({ CI })).toBe(is)
})
