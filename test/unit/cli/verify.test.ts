import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { verify } from '../../../gateway/cli/verify.ts'
import { configSchema } from '../../../gateway/config/schema/config.ts'
import { signatureHeader } from '../../support/sender.ts'

const key = 'signkey-test-0123456789abcdef0123456789abcdef'
const NOW_S = 1_700_000_000

const said: string[] = []
beforeEach(() => {
  const hear = (line: unknown) => said.push(String(line))
  vi.spyOn(console, 'log').mockImplementation(hear)
  vi.spyOn(console, 'error').mockImplementation(hear)
})
afterEach(() => {
  vi.restoreAllMocks()
  said.length = 0
})

function judge(ageSeconds: number, options: { maxAge?: string; clockTolerance?: string } = {}) {
  const header = signatureHeader(key, '', NOW_S - ageSeconds)
  const exitCode = verify({ header, keyEnv: 'KEY', ...options }, { KEY: key }, NOW_S * 1000)
  return `${String(exitCode)} ${said.at(-1) ?? ''}`
}

describe('verify', () => {
  it('judges by what a configuration has that says nothing of freshness', () => {
    const { freshness } = configSchema.parse({
      routes: [{ name: 'a', upstream: 'http://a', signingKeys: [{ env: 'KEY' }] }],
    })
    expect(judge(freshness.maxAgeSeconds)).toMatch(/^0 it is \d+ s old/)
    expect(judge(freshness.maxAgeSeconds + 1)).toMatch(/^1 timestamp_too_old/)
    expect(judge(-freshness.clockToleranceSeconds)).toMatch(/^0 /)
    expect(judge(-freshness.clockToleranceSeconds - 1)).toMatch(/^1 timestamp_too_new/)
  })

  it('judges by what it is told', () => {
    expect(judge(60, { maxAge: '60' })).toMatch(/^0 /)
    expect(judge(61, { maxAge: '60' })).toMatch(/^1 timestamp_too_old/)
    expect(judge(-5, { clockTolerance: '5' })).toMatch(/^0 /)
    expect(judge(-1, { clockTolerance: '0' })).toMatch(/^1 timestamp_too_new/)
  })

  it.each(['', '0', '3601', '1.5', '-1', 'x'])('takes no maximum age that is %j', (maxAge) => {
    expect(judge(0, { maxAge })).toBe(
      `2 --max-age: found ${JSON.stringify(maxAge)}. Oldest acceptable signature, in seconds. 1 to 3600. Default 300.`,
    )
  })
})
