import { describe, expect, it } from 'vitest'

import { RecentMap } from '../../../gateway/pairs/recent-map.ts'

describe('RecentMap', () => {
  it('remembers as many of the entries used last as it is made for', () => {
    const map = new RecentMap<number>({ size: 3, lifeMs: 100 })
    map.set('used', 0, 0)
    for (let i = 1; i <= 100; i += 1) {
      map.set(String(i), i, 0)
      expect(map.get('used', 0)).toBe(0)
      expect(map.get(String(i), 0)).toBe(i)
    }
    expect(map.get('1', 0)).toBeUndefined()
  })

  it('never has more than twice as many entries', () => {
    const map = new RecentMap<number>({ size: 10, lifeMs: 100 })
    for (let i = 0; i < 1000; i += 1) map.set(String(i), i, 0)
    const found = Array.from({ length: 1000 }, (_, i) => map.get(String(i), 0))
    const kept = found.filter((value) => value !== undefined)
    expect(kept.length).toBeGreaterThanOrEqual(10)
    expect(kept.length).toBeLessThanOrEqual(20)
  })

  it('forgets nothing where a key is set again', () => {
    const map = new RecentMap<number>({ size: 2, lifeMs: 100 })
    for (const key of ['a', 'b']) map.set(key, 1, 0)
    for (let i = 2; i <= 100; i += 1) map.set('b', i, 0)
    expect(['a', 'b'].map((key) => map.get(key, 0))).toEqual([1, 100])
  })

  it('forgets a value when its life is over, which use does not make longer', () => {
    const map = new RecentMap<number>({ size: 2, lifeMs: 100 })
    map.set('a', 1, 0)
    expect(map.get('a', 99)).toBe(1)
    expect(map.get('a', 100)).toBeUndefined()
    map.set('a', 2, 100)
    expect(map.get('a', 199)).toBe(2)
  })
})
