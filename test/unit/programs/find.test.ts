/** Which programs are there, on a machine that has some of them or none. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { findProgram, missingGroups, searchPath } from '../../programs/find.ts'
import { groups, type Group } from '../../programs/groups.ts'
import { filesNeeding, groupsToLeaveOut } from '../../programs/leave-out.ts'
import { reportNotRun } from '../../support/count-reporter.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'programs-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function put(name: string, said = ''): string {
  writeFileSync(path.join(folder, name), `#!/bin/sh\necho '${said}'\n`)
  chmodSync(path.join(folder, name), 0o755)
  return path.join(folder, name)
}

const commandsOf = (missing: readonly Group[]) =>
  missing.map(({ name, programs }) => [name, programs.map(({ command }) => command)])

describe('programs', () => {
  it('are looked for where Debian puts those of root, too', () => {
    expect(searchPath('/usr/bin:/bin').split(':')).toEqual(
      expect.arrayContaining(['/usr/bin', '/bin', '/usr/sbin', '/usr/local/bin']),
    )
  })

  it('are found if they can be run', () => {
    const file = put('there')
    writeFileSync(path.join(folder, 'text'), '')
    expect(findProgram('there', folder)).toBe(file)
    expect(findProgram('text', folder)).toBe(undefined)
    expect(findProgram('..', folder)).toBe(undefined)
  })

  it('are missing in every group of a machine that has none', () => {
    expect(missingGroups(groups, folder).map(({ name }) => name)).toEqual(
      groups.map(({ name }) => name),
    )
  })

  it('make a group that has some of its own a missing one', () => {
    put('redis-server')
    put('redis-cli')
    const redis = groups.filter(({ name }) => name === 'redis')
    expect(commandsOf(missingGroups(redis, folder))).toEqual([['redis', ['valkey-server']]])
    put('valkey-server')
    expect(missingGroups(redis, folder)).toEqual([])
  })

  it('are not enough for a group that needs root without a way to it', () => {
    const group = { name: 'any', subject: 'any', programs: [], asRoot: true }
    expect(missingGroups([group], folder, () => true)).toEqual([])
    expect(commandsOf(missingGroups([group], folder, () => false))).toEqual([
      ['any', ['root or sudo without a password']],
    ])
  })

  it('are missing if they are too old', () => {
    const prints = { args: ['version'], text: /^Kustomize Version: v5/m }
    // By the name of a program that every test may start.
    const group = { name: 'any', subject: 'any', programs: [{ command: 'which', prints }] }
    put('which', 'Client Version: v1.20.5')
    expect(commandsOf(missingGroups([group], folder))).toEqual([['any', ['which']]])
    put('which', 'Kustomize Version: v5.7.1')
    expect(missingGroups([group], folder)).toEqual([])
  })
})

describe('what was not run', () => {
  it('is listed with what is missing, and the one command that installs it', () => {
    const missing = missingGroups(
      groups.filter(({ name }) => name === 'proxies' || name === 'browser'),
      folder,
    )
    expect(reportNotRun(missing)).toBe(`Not run, as programs are missing:
  proxies     real proxies in front of the gateway (missing: nginx, haproxy, caddy)
  browser     the status page in a browser (missing: chromium)
To install them: npm run install-programs`)
    expect(reportNotRun([])).toBe('')
  })

  it('is nothing in CI, whatever is missing', () => {
    expect(groupsToLeaveOut({ CI: 'true' })).toEqual([])
  })

  it('are the files that are tagged as a whole, and no others', () => {
    const browser = groups.filter(({ name }) => name === 'browser')
    expect(filesNeeding(browser)).toEqual([
      'test/browser/docs-site.test.ts',
      'test/browser/status.test.ts',
    ])
    expect(filesNeeding([])).toEqual([])
    // Of this file, a single test is tagged.
    expect(filesNeeding(groups)).not.toContain('test/e2e/environment.test.ts')
  })
})
