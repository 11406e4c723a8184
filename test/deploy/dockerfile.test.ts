/** What the Dockerfile says, where no Docker is needed to check it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const text = readFileSync('Dockerfile', 'utf8')
const argument = (name: string) => new RegExp(`^ARG ${name}=(.+)$`, 'm').exec(text)?.[1]
const bases = [...text.matchAll(/^FROM (.+?)(?: AS \w+)?$/gm)].map(([, base = '']) => base)

describe('the Dockerfile', () => {
  it('names each base by digest, and no other', () => {
    for (const name of ['NODE_IMAGE', 'RUNTIME_IMAGE']) {
      expect(argument(name)).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
    }
    expect(bases).toEqual([
      '--platform=$BUILDPLATFORM ${NODE_IMAGE}',
      '${NODE_IMAGE}',
      '${RUNTIME_IMAGE}',
      'app',
      'app',
    ])
  })

  it('has the base that the app of the Compose example has', () => {
    const app = readFileSync('deploy/compose/app/Dockerfile', 'utf8')
    expect(app).toContain(`ARG NODE_IMAGE=${argument('NODE_IMAGE') ?? ''}\n`)
    expect(app.match(/^FROM .+$/gm)).toEqual(['FROM ${NODE_IMAGE}'])
  })

  it('has the version of this release, and none of an architecture', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(argument('VERSION')).toBe(version)
    expect(text.replaceAll(/^#.*$/gm, '')).not.toMatch(/amd64|x86_64|x64|arm64|aarch64/)
  })
})
