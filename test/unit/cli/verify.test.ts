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
    expect(judge(freshness.maxAge)).toMatch(/^0 signature age: \d+ s/)
    expect(judge(freshness.maxAge + 1)).toMatch(/^1 timestamp_too_old/)
    expect(judge(-freshness.clockTolerance)).toMatch(/^0 /)
    expect(judge(-freshness.clockTolerance - 1)).toMatch(/^1 timestamp_in_future/)
  })

  it('judges by what it is told', () => {
    expect(judge(60, { maxAge: '60s' })).toMatch(/^0 /)
    expect(judge(61, { maxAge: '60s' })).toMatch(/^1 timestamp_too_old/)
    expect(judge(-5, { clockTolerance: '5s' })).toMatch(/^0 /)
    expect(judge(-1, { clockTolerance: '0s' })).toMatch(/^1 timestamp_in_future/)
  })

  it.each([
    ['', 'a duration such as 5m (whole d, h, m or s), from 1s to 1h'],
    ['0s', 'at least 1s'],
    ['3601s', 'at most 1h'],
    ['1.5s', 'a duration such as 5m (whole d, h, m or s), from 1s to 1h'],
    ['-1s', 'a duration such as 5m (whole d, h, m or s), from 1s to 1h'],
    ['x', 'a duration such as 5m (whole d, h, m or s), from 1s to 1h'],
    ['300', 'a duration with its unit, 300s or 5m'],
  ])('takes no maximum age that is %j', (maxAge, expected) => {
    expect(judge(0, { maxAge })).toBe(
      `2 --max-age: expected ${expected}, found ${JSON.stringify(maxAge)}`,
    )
  })
})
