import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { candidates, gatewayIn } from '../../../bench/candidates.ts'
import { cellsNamed } from '../../../bench/cells.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bench-candidates-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('gatewayIn', () => {
  it('starts a file of a checkout with the flags of its own image', () => {
    const [cell] = cellsNamed(['2k-canonical-keepalive-1'])
    if (cell === undefined) throw new Error('no such cell')
    writeFileSync(path.join(folder, 'Dockerfile'), 'ENTRYPOINT ["/node", "--one=1", "/main.ts"]\n')
    const context = { port: 1, opsPort: 2, upstreamPort: 3, cell, folder, goGateway: '' }
    const settings = { shutdown: { delayMs: 0 } }
    const { argv } = gatewayIn(folder, 'gateway/main.ts', context, ['--two'], settings)
    const main = path.join(folder, 'gateway/main.ts')
    expect(argv.slice(1, -1)).toEqual(['--one=1', '--two', main, 'run', '--config'])
    expect(JSON.parse(readFileSync(argv.at(-1) ?? '', 'utf8'))).toMatchObject({
      listen: { port: 1 },
      ops: { port: 2 },
      routes: [{ upstream: 'http://127.0.0.1:3' }],
      ...settings,
    })
  })
})

describe('before-wire', () => {
  it('is the commit that install-peers checks out', () => {
    const before = candidates.find(({ name }) => name === 'before-wire')
    const [, commit = ''] =
      /^before_wire=(.+)$/m.exec(readFileSync('bench/install-peers', 'utf8')) ?? []
    expect(commit).toMatch(/^[0-9a-f]{40}$/)
    expect(before?.label).toContain(commit.slice(0, 7))
  })
})

describe('the peers', () => {
  it.each(['bare-proxy.ts', 'http-proxy.js', 'libraries.js', 'naive-stack.js'])(
    'do not depend on the source of the gateway: %s',
    (file) => {
      expect(readFileSync(`bench/peers/${file}`, 'utf8')).not.toMatch(/from '(?:\.\.\/)+gateway/)
    },
  )
})
