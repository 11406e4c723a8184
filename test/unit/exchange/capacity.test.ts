import { describe, expect, it } from 'vitest'

import { Capacity } from '../../../gateway/exchange/capacity.ts'

const KIB = 1024

describe('Capacity', () => {
  it('gives out so many places, once to each hold, and takes them back', () => {
    const capacity = new Capacity(() => ({ maxRequestsInFlight: 2, maxBufferedBytes: 0 }))
    const [first, second, third] = [capacity.hold(), capacity.hold(), capacity.hold()]
    expect([first.enter(true), first.enter(true), second.enter(true), third.enter(true)]).toEqual([
      true,
      true,
      true,
      false,
    ])
    third.end()
    expect(third.enter(true)).toBe(false)
    first.end()
    first.end()
    expect(third.enter(true)).toBe(true)
    expect(capacity.hold().enter(true)).toBe(false)
  })

  it('keeps an eighth of the places from those that anybody can take', () => {
    const capacity = new Capacity(() => ({ maxRequestsInFlight: 16, maxBufferedBytes: 0 }))
    const open = Array.from({ length: 16 }, () => capacity.hold().enter(false))
    expect(open.filter((isIn) => isIn)).toHaveLength(14)
    expect([capacity.hold().enter(true), capacity.hold().enter(true)]).toEqual([true, true])
    expect(capacity.hold().enter(true)).toBe(false)
  })

  it.each([
    [64 * KIB, 1024 * KIB, true],
    [64 * KIB, 1024 * KIB + 1, false],
    [65 * KIB, 896 * KIB, true],
    [65 * KIB, 896 * KIB + 1, false],
  ])('gives a body of %i bytes memory up to %i in all: %s', (size, inAll, expected) => {
    const capacity = new Capacity(() => ({ maxRequestsInFlight: 1, maxBufferedBytes: 1024 * KIB }))
    let others = inAll - size
    while (others > 0) {
      const piece = Math.min(others, 64 * KIB)
      expect(capacity.hold().reserve(piece)).toBe(true)
      others -= piece
    }
    expect(capacity.hold().reserve(size)).toBe(expected)
  })

  it('takes memory back when a body has gone, and all when the exchange ends', () => {
    const capacity = new Capacity(() => ({ maxRequestsInFlight: 1, maxBufferedBytes: 1024 * KIB }))
    const [one, two] = [capacity.hold(), capacity.hold()]
    one.reserve(10)
    two.reserve(5)
    one.releaseBytes()
    expect(capacity.bufferedBytes).toBe(5)
    one.reserve(1)
    one.end()
    two.end()
    two.end()
    expect(capacity.bufferedBytes).toBe(0)
  })
})
