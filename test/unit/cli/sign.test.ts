import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { sign } from '../../../gateway/cli/sign.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const env = { KEY: 'signkey-test-12345678' }
const printed = vi.spyOn(console, 'log').mockReturnValue(undefined)
const told = vi.spyOn(console, 'error').mockReturnValue(undefined)
afterEach(() => {
  vi.clearAllMocks()
})

function signed(content: string | Buffer, headerOnly = false): number {
  const body = mountSecret({ body: '' }).fileOf('body')
  writeFileSync(body, content)
  return sign({ keyEnv: 'KEY', body, url: 'http://a/', method: 'POST', headerOnly }, env, 0)
}

/** What curl would be given, by the shell that reads the line. */
function argumentsOf(line: string): string[] {
  const { stdout } = spawnSync('sh', ['-c', line.replace(/^curl /, "printf '%s\\n' ")])
  return stdout.toString('utf8').split('\n')
}

describe('sign', () => {
  it.each(['@/etc/hostname', '{"a":"it\'s"}', '{"ä":"\u20ac"}'])(
    'prints a line that sends %j',
    (body) => {
      expect(signed(body)).toBe(0)
      const given = argumentsOf(String(printed.mock.calls[0]?.[0]))
      expect(given[given.indexOf('--data-raw') + 1]).toBe(body)
    },
  )

  it('prints none for what no command line can hold', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x7b])
    expect([signed(bytes), signed('a\0b')]).toEqual([2, 2])
    expect(told).toHaveBeenCalledWith(expect.stringContaining('--header-only'))
    expect(signed(bytes, true)).toBe(0)
    expect(printed).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^t=0&s=[0-9a-f]{64}$/))
  })
})
