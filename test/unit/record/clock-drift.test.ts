import { describe, expect, it } from 'vitest'

import { ClockDrift, type ClockChange } from '../../../gateway/record/clock-drift.ts'

const freshness = { maxAgeSeconds: 300, clockToleranceSeconds: 60 }

/** A signature a second, from one call to the next. */
class Traffic {
  readonly drift: ClockDrift
  readonly changes: ClockChange[] = []
  nowMs = 1_000_000

  constructor(limits = freshness) {
    this.drift = new ClockDrift(() => limits)
  }

  send(count: number, ageOf: (i: number) => number, everyMs = 1000): this {
    for (let i = 0; i < count; i += 1) {
      const change = this.drift.add(ageOf(i), this.nowMs)
      if (change !== undefined) this.changes.push(change)
      this.nowMs += everyMs
    }
    return this
  }
}

/** The states in the order in which they were told. */
const told = ({ changes }: Traffic) => changes.map(({ to }) => to)

describe('ClockDrift', () => {
  it('knows nothing of nine signatures, and something of ten', () => {
    const traffic = new Traffic().send(9, () => 40)
    expect(traffic.drift.state).toBe('unknown')
    expect(traffic.drift.medianSeconds(traffic.nowMs)).toBeUndefined()
    traffic.send(7, () => 40)
    expect(traffic.changes).toEqual([{ from: 'unknown', to: 'ahead', medianSeconds: 40 }])
  })

  it('is steady at honest ages', () => {
    expect(told(new Traffic().send(500, (i) => i % 3))).toEqual(['steady'])
  })

  it.each([
    [30, 'steady'],
    [31, 'ahead'],
    [-6, 'steady'],
    [-7, 'behind'],
  ])('is, at an age of %i s, %s: a tenth of what is allowed', (age, state) => {
    expect(told(new Traffic().send(50, () => age))).toEqual([state])
  })

  it.each([
    [3, 'steady'],
    [4, 'ahead'],
    [-1, 'steady'],
    [-2, 'behind'],
  ])('is, at %i s, %s, however little is allowed', (age, state) => {
    const strict = { maxAgeSeconds: 5, clockToleranceSeconds: 5 }
    expect(told(new Traffic(strict).send(50, () => age))).toEqual([state])
  })

  it.each([
    ['ahead', 31, 16, 15],
    ['behind', -7, -4, -3],
  ])('stays %s until half of it', (state, over, between, half) => {
    const traffic = new Traffic().send(200, () => over).send(200, () => between)
    expect(told(traffic)).toEqual([state])
    expect(told(traffic.send(200, () => half))).toEqual([state, 'steady'])
  })

  it('turns about when the clock is set wrongly the other way', () => {
    const traffic = new Traffic().send(200, () => 31).send(200, () => -7)
    expect(told(traffic)).toEqual(['ahead', 'behind'])
  })

  it('tells each change once, and flutters not about the threshold', () => {
    expect(told(new Traffic().send(2000, (i) => (i % 200 < 100 ? 29 : 32)))).toEqual([
      'steady',
      'ahead',
    ])
  })

  it('is not moved by fewer than half of the signatures', () => {
    const traffic = new Traffic().send(500, (i) => (i % 5 < 2 ? 290 : 1))
    expect(told(traffic)).toEqual(['steady'])
    expect(traffic.drift.medianSeconds(traffic.nowMs)).toBe(1)
  })

  it('remembers the last 101 signatures', () => {
    const traffic = new Traffic().send(1000, () => 1).send(50, () => 100)
    expect(traffic.drift.medianSeconds(traffic.nowMs)).toBe(1)
    traffic.send(1, () => 100)
    expect(traffic.drift.medianSeconds(traffic.nowMs)).toBe(100)
  })

  it('forgets what is older than ten minutes', () => {
    const traffic = new Traffic().send(100, () => 100)
    const lastMs = traffic.nowMs - 1000
    expect(traffic.drift.medianSeconds(lastMs + 591_000)).toBe(100)
    expect(traffic.drift.medianSeconds(lastMs + 591_001)).toBeUndefined()
    traffic.nowMs += 600_000
    traffic.send(1, () => 0)
    expect(traffic.changes.at(-1)).toEqual({
      from: 'ahead',
      to: 'unknown',
      medianSeconds: undefined,
    })
  })

  it('judges every five seconds only, however many requests there are', () => {
    const traffic = new Traffic().send(5000, () => 40, 1)
    expect(traffic.drift.state).toBe('unknown')
    expect(told(traffic.send(1, () => 40))).toEqual(['ahead'])
  })

  it('sorts by number', () => {
    const ages = [100, 9, 80, 70, 10, 60, 50, 40, 30, 20, 1]
    const traffic = new Traffic().send(11, (i) => ages[i] ?? 0)
    expect(traffic.drift.medianSeconds(traffic.nowMs)).toBe(40)
  })
})
