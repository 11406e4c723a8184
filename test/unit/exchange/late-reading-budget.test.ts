import { describe, expect, it } from 'vitest'

import { LateReadingBudget } from '../../../gateway/exchange/late-reading-budget.ts'

type Networks = Readonly<Record<string, boolean>>

/** When each of these networks is read, if it sends a request every 100 ms for this long. */
function readTimes(networks: Networks, seconds: number, workers = 1): Map<string, number[]> {
  const budget = new LateReadingBudget(workers)
  const times = new Map(Object.keys(networks).map((network) => [network, [] as number[]]))
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += 100) {
    for (const [network, isVerified] of Object.entries(networks)) {
      if (!budget.take(network, nowMs)) continue
      times.get(network)?.push(nowMs)
      budget.done(network, isVerified, nowMs + 50)
    }
  }
  return times
}

const fifty: Networks = Object.fromEntries(
  Array.from({ length: 50 }, (_, i) => [`network ${String(i)}`, true]),
)

describe('LateReadingBudget', () => {
  it('allows one reading at a time', () => {
    const budget = new LateReadingBudget(1)
    expect(budget.take('a', 0)).toBe(true)
    expect([budget.isOpen(5000), budget.take('b', 5000)]).toEqual([false, false])
    budget.done('a', true, 5000)
    expect(budget.take('b', 5000)).toBe(true)
  })

  it('allows one reading a second, of whatever networks', () => {
    expect([...readTimes(fifty, 60).values()].flat()).toHaveLength(60)
  })

  it('allows each of several workers its part of that', () => {
    expect([...readTimes(fifty, 60, 4).values()].flat()).toHaveLength(15)
  })

  it('reads a network whose signatures verify often enough for a report within a minute', () => {
    const times = readTimes({ inngest: true }, 60).get('inngest') ?? []
    expect(times.length).toBeGreaterThanOrEqual(20)
  })

  it('reads a network without valid signatures ever more seldom, up to every four minutes', () => {
    const times = readTimes({ forged: false }, 3600).get('forged') ?? []
    expect(times.slice(0, 5)).toEqual([0, 4100, 12_200, 28_300, 60_400])
    expect(times.at(-1)).toBe((times.at(-2) ?? 0) + 256_100)
  })

  it('forgets the failures of a network when one of its signatures verifies', () => {
    const budget = new LateReadingBudget(1)
    for (const nowMs of [0, 10_000, 20_000, 40_000]) {
      expect(budget.take('a', nowMs)).toBe(true)
      budget.done('a', nowMs === 40_000, nowMs)
    }
    expect(budget.take('a', 41_999)).toBe(false)
    expect(budget.take('a', 42_000)).toBe(true)
  })

  it('remembers the last 1024 networks', () => {
    const budget = new LateReadingBudget(1)
    // Each would wait for two seconds, on a clock that stands still.
    const read = (network: number) => {
      const isTaken = budget.take(String(network), 0)
      if (isTaken) budget.done(String(network), true, 0)
      return isTaken
    }
    const first = read(0)
    const still = new LateReadingBudget(0)
    expect([first, read(1)]).toEqual([true, false])
    for (let i = 0; i <= 1024; i += 1) {
      expect(still.take(String(i), 0)).toBe(true)
      still.done(String(i), true, 0)
    }
    expect(still.take('1', 0)).toBe(false)
    expect(still.take('0', 0)).toBe(true)
  })
})
