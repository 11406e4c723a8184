import { describe, expect, it } from 'vitest'

import { parseStat } from '../../../bench/proc-stat.ts'
import { spread } from '../../../bench/summary.ts'

describe('spread', () => {
  it.each([
    [[3, 1, 2], { median: 2, min: 1, max: 3 }],
    [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }],
    [[10, 9, 1], { median: 9, min: 1, max: 10 }],
    [[7], { median: 7, min: 7, max: 7 }],
    [[], undefined],
  ])('maps %j to %j', (values, expected) => {
    expect(spread(values)).toEqual(expected)
  })
})

describe('parseStat', () => {
  it('finds the times behind a name with spaces and brackets', () => {
    const text = '7 (a) b) (c)) S 1 7 7 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0 5 6 7'
    expect(parseStat(text)).toEqual({ own: 33, ofChildren: 77 })
  })
})
