import { pino } from 'pino'
import { describe, expect, it } from 'vitest'

import { UnlistedRanges } from '../../../gateway/record/unlisted-ranges.ts'

const startMs = 1_800_000_000_000
const MINUTE_MS = 60_000

function start() {
  const log: Record<string, unknown>[] = []
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>)
  const clock = { ms: startMs, nowMs: () => clock.ms }
  const ranges = new UnlistedRanges(clock, pino({ base: null }, { write }))
  let serial = 0
  /** So many different signatures. */
  const add = (count: number, range = '203.0.113.0/24', route = 'app') => {
    for (let i = 0; i < count; i += 1) {
      serial += 1
      const expiresAtSeconds = clock.ms / 1000 + 600
      ranges.add({ range, route, mac: String(serial), expiresAtSeconds })
    }
  }
  return { ranges, log, clock, add }
}

describe('UnlistedRanges', () => {
  it('reports a range from its 20th signature on', () => {
    const { ranges, log, add } = start()
    add(19)
    expect([ranges.reported, log]).toEqual([[], []])
    add(1)
    const range = '203.0.113.0/24'
    const [firstMs, lastMs] = [startMs, startMs]
    expect(ranges.reported).toEqual([
      { range, routes: ['app'], signatures: 20, firstMs, lastMs, isActive: true },
    ])
    expect(log).toMatchObject([
      {
        level: 40,
        msg: 'validly signed requests from an unlisted range',
        range,
        routes: ['app'],
        signatures: 20,
        meaning:
          'validly signed requests come from 203.0.113.0/24, which no listed range contains; this can also be a replayed capture',
      },
    ])
  })

  it('counts each range for itself', () => {
    const { ranges, log, add } = start()
    add(19)
    add(19, '198.51.100.0/24')
    expect(log).toEqual([])
    add(1, '198.51.100.0/24', 'billing')
    expect(ranges.reported.map(({ range, routes }) => [range, routes])).toEqual([
      ['198.51.100.0/24', ['app', 'billing']],
    ])
  })

  it('counts a MAC once for all ranges', () => {
    const { ranges, log } = start()
    const sighting = { route: 'app', mac: 'same', expiresAtSeconds: startMs / 1000 + 600 }
    for (let i = 0; i < 100; i += 1) {
      ranges.add({ ...sighting, range: `203.0.${String(i % 4)}.0/24` })
    }
    expect([ranges.reported, log]).toEqual([[], []])
  })

  it('counts signatures within ten minutes only', () => {
    const { log, clock, add } = start()
    add(10)
    clock.ms += 10 * MINUTE_MS + 1
    add(19)
    expect(log).toEqual([])
    add(1)
    expect(log).toHaveLength(1)
  })

  it('warns once an hour for each range, while signatures come', () => {
    const { log, clock, add } = start()
    for (let minute = 0; minute < 119; minute += 1) {
      add(20)
      add(3, '198.51.100.0/24')
      clock.ms += MINUTE_MS
    }
    const warned = log.map(({ range }) => range)
    expect(warned.filter((range) => range === '203.0.113.0/24')).toHaveLength(2)
    expect(warned.filter((range) => range === '198.51.100.0/24')).toHaveLength(2)
  })

  it('lists a range for a day after its last signature, as active for ten minutes', () => {
    const { ranges, clock, add } = start()
    add(20)
    clock.ms += 10 * MINUTE_MS
    expect(ranges.reported).toMatchObject([{ isActive: true }])
    clock.ms += 1
    expect(ranges.reported).toMatchObject([{ isActive: false }])
    clock.ms = startMs + 1440 * MINUTE_MS
    expect(ranges.reported).toHaveLength(1)
    clock.ms += 1
    expect(ranges.reported).toEqual([])
  })

  it('keeps a bounded number of ranges: reported ones before others, recent before silent ones', () => {
    const { ranges, clock, add } = start()
    add(20, 'reported')
    add(19, 'silent')
    clock.ms += 1
    add(19, 'recent')
    for (let i = 0; i < 62; i += 1) add(1, String(i))
    add(1, 'recent')
    add(1, 'silent')
    expect(ranges.reported.map(({ range }) => range)).toEqual(['reported', 'recent'])
  })

  it('remembers MACs until a copy is too old, and a bounded number of them', () => {
    const { ranges, clock, add } = start()
    add(10_000, 'flood')
    add(20)
    expect(ranges.reported.map(({ range }) => range)).toEqual(['flood'])
    clock.ms += 600_001
    add(20)
    expect(ranges.reported.map(({ range }) => range)).toEqual(['flood', '203.0.113.0/24'])
  })
})
