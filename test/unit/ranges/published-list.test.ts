import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { AddressRange } from '../../../gateway/ip/address-ranges.ts'
import {
  updateList,
  validRanges,
  withoutFuture,
  type PublishedList,
} from '../../../gateway/ranges/published-list.ts'
import { MAX_RANGES, parseRangeList } from '../../../gateway/ranges/range-list.ts'

const t = 1_800_000_000
const keep = 600

function ranges(...list: string[]): readonly AddressRange[] {
  const reading = parseRangeList(list.join('\n'))
  if (!reading.ok) throw new Error(`${reading.problem}: ${String(reading.found)}`)
  return reading.ranges
}

function update(previous: PublishedList | undefined, list: string[], now = t): PublishedList {
  const updated = updateList(previous, ranges(...list), now)
  if (!updated.ok) throw new Error(updated.problem)
  return updated.list
}

const valid = (list: PublishedList, now: number, keepSeconds = keep) =>
  validRanges(list, now, keepSeconds).map(({ text }) => text)

const [a, b, c, d] = ['18.0.0.1', '18.0.0.2', '18.0.0.3', '18.0.0.4'] as const

describe('updateList', () => {
  it('takes any first list, and each range of it once', () => {
    const list = update(undefined, [a, '2607:E3C0::/32', a, '2607:e3c0::/32'])
    expect(list.fetchedAtSeconds).toBe(t)
    expect(valid(list, t)).toEqual([a, '2607:e3c0::/32'])
  })

  it.each([
    [[a, b, c, d], [a, b, '19.0.0.1'], true],
    [[a, b, c, d], [a, '19.0.0.1', '19.0.0.2', '19.0.0.3'], false],
    [[a, b, c], [a], false],
    [[a, b, c], [a, b], true],
    [[a, b], [a], true],
    [[a, b], [c], false],
    [[a], [b], false],
    [[a, b, c, d], ['18.0.0.0/24'], true],
    [['18.0.0.0/30'], [a, b, c, '18.0.0.0'], true],
    [['18.0.0.0/24'], ['18.0.0.0/24', '18.0.0.0/25'], true],
    [['18.0.0.0/30'], [a, b, c], false],
    [['18.0.0.0/30'], ['18.0.0.0', c], false],
    [['2607:e3c0::/32'], ['2607:e3c0::/33', '2607:e3c0:8000::/33'], true],
    [['2607:e3c0::/32'], ['2607:e3c0::/33'], false],
    [['2607:e3c0::/32', a], ['2600::/32', b], false],
  ])('changes %j to %j: %s', (before, after, isTaken) => {
    const updated = updateList(update(undefined, before), ranges(...after), t)
    expect(updated.ok ? 'taken' : updated.problem).toBe(isTaken ? 'taken' : 'shrunk')
  })

  it('holds a list against what was published last, not against what vanished before', () => {
    const shorter = update(update(undefined, [a, b, c, d]), [a, b], t + 1)
    expect(valid(update(shorter, [a], t + 2), t + 2)).toEqual([a, b, c, d])
  })

  it('keeps a bounded number of vanished ranges, the last seen', () => {
    const filler = (third: number) => Array.from({ length: 256 }, (_, i) => `19.0.${String(third)}.${String(i)}`) // prettier-ignore
    const stays = Array.from({ length: 256 }, (_, i) => `18.0.1.${String(i)}`)
    let list: PublishedList | undefined
    for (let i = 0; i < 8; i += 1) list = update(list, [...stays, ...filler(i)], t + i)
    expect(list?.vanished).toHaveLength(MAX_RANGES)
    expect(list?.vanished[0]).toMatchObject({ lastSeenSeconds: t + 6 })
    expect(list?.vanished.at(-1)?.range.text).toMatch(/^19\.0\.3\./)
  })
})

describe('validRanges', () => {
  const list = update(update(undefined, [a, b]), [a], t + 100)

  it.each([
    [t + keep - 1, [a, b]],
    [t + keep, [a]],
    [t + keep + 1, [a]],
    [t - 1_000_000, [a, b]],
  ])('returns at %i %j', (now, expected) => {
    expect(valid(list, now)).toEqual(expected)
  })

  it('keep nothing that vanished if that is for 0 seconds', () => {
    expect(valid(list, t + 100, 0)).toEqual([a])
    expect(valid(list, t, 0)).toEqual([a])
  })

  it('keep what is published for as long as no newer list is known', () => {
    expect(valid(list, t + 1e9)).toEqual([a])
  })

  it('have a range that came back without an end', () => {
    const back = update(list, [b, a], t + 200)
    expect(back.vanished).toEqual([])
    expect(valid(back, t + 1e9)).toEqual([b, a])
  })

  it('count from when a range was last seen, whatever was fetched since', () => {
    const later = update(list, [a, c], t + 300)
    expect(valid(later, t + keep - 1)).toEqual([a, c, b])
    expect(valid(later, t + keep)).toEqual([a, c])
  })
})

describe('a clock that steps back', () => {
  const ahead = update(update(undefined, [a, b, c], t + 1e8), [a, b], t + 1e8 + 1)

  it('does not keep what vanishes for as long as it was ahead', () => {
    const corrected = update(ahead, [a], t)
    expect(valid(corrected, t + keep - 1)).toEqual([a, b, c])
    expect(valid(corrected, t + keep)).toEqual([a])
  })

  it('is put right in a list from before', () => {
    const corrected = withoutFuture(ahead, t)
    expect(corrected.fetchedAtSeconds).toBe(t)
    expect(valid(corrected, t + keep)).toEqual([a, b])
    expect(withoutFuture(corrected, t + 5)).toEqual(corrected)
  })

  it('loses nothing that is published, whatever it steps to', () => {
    const pool = [a, b, c, d]
    const step = fc.tuple(fc.subarray(pool, { minLength: 1 }), fc.integer({ min: 0, max: 2 * t }))
    fc.assert(
      fc.property(fc.array(step), fc.nat(2 * t), (steps, now) => {
        let list = update(undefined, pool, t)
        for (const [texts, at] of steps) {
          const updated = updateList(list, ranges(...texts), at)
          if (!updated.ok) continue
          list = updated.list
          const published = list.published.map(({ text }) => text)
          expect(valid(list, now)).toEqual(expect.arrayContaining(published))
          expect(valid(list, at + keep)).toEqual(published)
        }
      }),
    )
  })
})
