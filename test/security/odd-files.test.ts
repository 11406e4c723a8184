/**
 * Something that is no file where a file is expected: a FIFO that nobody writes to, a device that
 * never ends, a gigabyte. A reload reads within the process that serves, so waiting for it would
 * stop every call. Tried in a process of its own, which is given some time.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(path.join(tmpdir(), 'odd-files-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const odd = (name: string) => path.join(folder, name)
spawnSync('mkfifo', [odd('fifo')])
symlinkSync(odd('loop'), odd('loop'))
writeFileSync(odd('huge'), '')
truncateSync(odd('huge'), 2 ** 30)

/** What each place may hold, and what is said of it. */
const things = [
  ['a FIFO', odd('fifo'), 'no regular file'],
  ['a device', '/dev/zero', 'no regular file'],
  ['a folder', folder, 'no regular file'],
  ['a gigabyte', odd('huge'), 'a file over'],
  ['a link to itself', odd('loop'), 'ELOOP'],
] as const

function cli(...args: string[]) {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['gateway/main.ts', ...args], {
    env: { KEY: 'abcdef123456' },
    encoding: 'utf8',
    timeout: 25_000,
    killSignal: 'SIGKILL',
  })
  return { status, said: stderr + stdout }
}

function configure(more: string, key = '{ env: KEY }'): string {
  const file = odd('gateway.yaml')
  writeFileSync(
    file,
    `${more}\nroutes: [{ name: app, upstream: "http://127.0.0.1:1", signingKeys: [${key}] }]\n`,
  )
  return file
}

describe('in place of a file', { timeout: 60_000 }, () => {
  it.each(things)('%s is no configuration', (_, thing, said) => {
    const answer = cli('validate', '--config', thing)
    expect(answer).toEqual({ status: 2, said: expect.stringContaining(said) as string })
  })

  it.each(things)('%s is no signing key', (_, thing, said) => {
    const answer = cli('validate', '--config', configure('', `{ file: ${thing} }`))
    expect(answer).toEqual({ status: 2, said: expect.stringContaining(said) as string })
  })

  it.each(things)('%s is no certificate', (_, thing, said) => {
    const tls = `listen: { tls: { certFile: ${thing}, keyFile: ${thing} } }`
    const answer = cli('validate', '--config', configure(tls))
    expect(answer).toEqual({ status: 2, said: expect.stringContaining(said) as string })
  })

  it.each(things)('%s is no list of ranges', (_, thing) => {
    const ranges = `inngestRanges: { file: ${thing} }`
    const answer = cli('ips', '--config', configure(ranges))
    expect(answer).toEqual({ status: 0, said: expect.stringContaining('bundled with this release') as string }) // prettier-ignore
  })
})
