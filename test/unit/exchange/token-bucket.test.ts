import { describe, expect, it } from 'vitest'

import { TokenBucket } from '../../../gateway/exchange/token-bucket.ts'

describe('a token bucket', () => {
  it('begins full and fills at its rate, up to its size', () => {
    const bucket = new TokenBucket({ perSecond: 4, burst: 2 }, 1000)
    expect(takeAll(bucket, 1000)).toBe(2)
    expect(takeAll(bucket, 1200)).toBe(0)
    expect(bucket.msUntilNext(1200)).toBe(50)
    expect(takeAll(bucket, 1250)).toBe(1)
    expect(bucket.msUntilNext(1250)).toBe(250)
    expect(takeAll(bucket, 60_000)).toBe(2)
  })

  it('keeps what it holds when its rate changes, as far as there is room', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 10 }, 0)
    bucket.setRate({ perSecond: 1, burst: 3 }, 0)
    expect(takeAll(bucket, 0)).toBe(3)
    bucket.setRate({ perSecond: 10, burst: 10 }, 500)
    expect(takeAll(bucket, 550)).toBe(1)
  })
})

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0
  for (; bucket.has(nowMs); taken += 1) bucket.take()
  return taken
}
