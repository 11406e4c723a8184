import { describe, expect, it } from 'vitest'

import { ClaimTtl } from '../../../gateway/replay/claim-ttl.ts'

const now = 1_700_000_000
const MARGIN = 61

describe('the life of a claim in Redis', () => {
  it('is as long as signatures are fresh by default, if they are fresh for less', () => {
    expect(lifeOf(new ClaimTtl(), { signed: now, freshFor: 10 })).toBe(600 + MARGIN)
    expect(lifeOf(new ClaimTtl(), { signed: now, freshFor: 3600 })).toBe(3600 + MARGIN)
  })

  it('lasts for as much longer as the signature is ahead of the clock', () => {
    expect(lifeOf(new ClaimTtl(), { signed: now + 250, freshFor: 600 })).toBe(850 + MARGIN)
  })

  it('is not cut short by an age that a wrong clock may have made', () => {
    expect(lifeOf(new ClaimTtl(), { signed: now - 3570, freshFor: 3600 })).toBe(3600 + MARGIN)
  })

  it('stays as long as freshness ever was', () => {
    const lives = new ClaimTtl()
    lifeOf(lives, { signed: now, freshFor: 3600 })
    expect(lifeOf(lives, { signed: now, freshFor: 600 })).toBe(3600 + MARGIN)
  })
})

describe('a claim from before freshness was made longer', () => {
  const longer = { freshFor: 3600 }

  it('may be over when it is older than the shorter window', () => {
    const lives = new ClaimTtl()
    lifeOf(lives, { signed: now, freshFor: 600 })
    expect(mayBeOver(lives, { signed: now - 600, ...longer })).toBe(false)
    expect(mayBeOver(lives, { signed: now - 601, ...longer })).toBe(true)
    // The same signatures later, and one that was ahead of the clock at the time.
    expect(mayBeOver(lives, { signed: now, ...longer }, now + 600)).toBe(false)
    expect(mayBeOver(lives, { signed: now, ...longer }, now + 601)).toBe(true)
    expect(mayBeOver(lives, { signed: now + 300, ...longer }, now + 901)).toBe(true)
  })

  it('is over by none of those made since', () => {
    const lives = new ClaimTtl()
    lifeOf(lives, { signed: now, ...longer })
    expect(mayBeOver(lives, { signed: now + 601, ...longer }, now + 3000)).toBe(false)
  })

  it('may have been made ahead of the clock by as much as was allowed before', () => {
    const lives = new ClaimTtl()
    lifeOf(lives, { signed: now, freshFor: 3600 })
    lifeOf(lives, { signed: now + 10_000, freshFor: 7200 }, now + 10_000)
    const ahead = { signed: now + 13_000, freshFor: 7200 }
    expect(mayBeOver(lives, ahead, now + 13_000 + 3700)).toBe(true)
    expect(mayBeOver(lives, { signed: now + 13_601, freshFor: 7200 }, now + 20_000)).toBe(false)
  })

  it('is not looked for where signatures are fresh for no longer than by default', () => {
    expect(mayBeOver(new ClaimTtl(), { signed: now - 10_000, freshFor: 600 })).toBe(false)
  })
})

interface Signed {
  readonly signed: number
  readonly freshFor: number
}

function claimOf({ signed, freshFor }: Signed) {
  const expiresAtSeconds = signed + freshFor
  return {
    key: Buffer.alloc(32),
    timestampSeconds: signed,
    expiresAtSeconds,
    shared: undefined,
    owner: 1,
  }
}

/** Seconds. */
function lifeOf(lives: ClaimTtl, signed: Signed, atSeconds = now): number {
  return lives.lifeMs(claimOf(signed), atSeconds * 1000) / 1000
}

function mayBeOver(lives: ClaimTtl, signed: Signed, atSeconds = now): boolean {
  const claim = claimOf(signed)
  lives.lifeMs(claim, atSeconds * 1000)
  return lives.mayBeOver(claim, atSeconds * 1000)
}
