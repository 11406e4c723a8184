/** For every pair of checks, a request that fails both is refused for the earlier one. */
import { describe, expect, it } from 'vitest'

import { decide, flaws, nowSeconds, type Scene } from '../../support/admit-scene.ts'

describe('admit', () => {
  it('admits a request without a flaw', async () => {
    expect(await decide()).toEqual({
      reason: 'admitted',
      touched: ['place', 'body', 'claim', 'lesson'],
    })
  })

  const pairs = flaws.flatMap((first, i) => flaws.slice(i).map((second) => ({ first, second })))
  it.each(pairs)('refuses for $first.reason before $second.reason', async ({ first, second }) => {
    // The later flaw goes in first, so that it cannot undo the earlier one.
    expect((await decide(second.spoil, first.spoil)).reason).toBe(first.reason)
  })

  it.each(flaws.slice(0, 13))('reads nothing of the body on $reason', async ({ spoil }) => {
    expect((await decide(spoil)).touched).toEqual([])
  })

  it.each(flaws.slice(13))('claims nothing on a later $reason', async ({ reason, spoil }) => {
    const { touched } = await decide(spoil)
    expect(touched.includes('claim')).toBe(reason === 'replayed')
    expect(touched.slice(0, 2)).toEqual(['place', 'body'])
  })

  it.each(flaws.slice(13))('learns nothing on $reason', async ({ spoil }) => {
    expect((await decide(spoil)).touched).not.toContain('lesson')
  })

  it('asks for the canonical form only of a body that is not signed as it came', async () => {
    const asked = async (...spoil: ((scene: Scene) => void)[]) =>
      (await decide(...spoil)).touched.filter((step) => step === 'canonical').length
    expect(await asked((s) => (s.body = ` ${s.body}`))).toBe(1)
    expect(await asked((s) => (s.body += ' x'))).toBe(1)
    expect(await asked()).toBe(0)
  })

  it('reads the clock for freshness when the canonical form is there, not before', async () => {
    const late = (s: Scene) => (s.nowsSeconds[1] = nowSeconds + 301)
    const verdict = await decide(late, (s) => (s.body = ` ${s.body}`))
    expect(verdict).toEqual({
      reason: 'timestamp_too_old',
      touched: ['place', 'body', 'canonical'],
    })
  })
})
