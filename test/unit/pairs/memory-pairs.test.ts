import { describe, expect, it } from 'vitest'

import { MemoryPairs } from '../../../gateway/pairs/memory-pairs.ts'
import { MOST_PAIRS, PAIR_LIFE_MS } from '../../../gateway/pairs/pair-store.ts'
import { describePairStore } from '../../support/pair-contract.ts'

const lesson = (fnId: string, runId: string, key = 'id app') => ({ key, fnId, runId })

describe('MemoryPairs', () => {
  describePairStore(() => Promise.resolve(new MemoryPairs()))

  it('keeps a pair for as long as calls confirm it', async () => {
    const pairs = new MemoryPairs()
    for (const run of ['r1', 'r2']) await pairs.learn(lesson('a', run), 0)
    await pairs.learn(lesson('a', 'r3'), PAIR_LIFE_MS - 1)
    expect(await pairs.find('id app', PAIR_LIFE_MS)).toEqual({ fnId: 'a', isKnown: true })
  })

  it('learns another name once calls that contradict the old one were alone for its life', async () => {
    const pairs = new MemoryPairs()
    for (const run of ['r1', 'r2']) await pairs.learn(lesson('a', run), 0)
    await pairs.learn(lesson('b', 'r3'), PAIR_LIFE_MS - 1)
    expect(await pairs.find('id app', PAIR_LIFE_MS - 1)).toEqual({ fnId: 'a', isKnown: true })
    for (const run of ['r4', 'r5']) await pairs.learn(lesson('b', run), PAIR_LIFE_MS)
    expect(await pairs.find('id app', PAIR_LIFE_MS)).toEqual({ fnId: 'b', isKnown: true })
  })

  it('forgets pairs that were not used lately when there are too many', async () => {
    const pairs = new MemoryPairs()
    const key = (i: number) => `${String(i)} app`
    for (let i = 0; i <= 2 * MOST_PAIRS; i += 1) await pairs.learn(lesson('a', 'r1', key(i)), 0)
    expect(await pairs.find(key(0), 0)).toBeUndefined()
    expect(await pairs.find(key(MOST_PAIRS + 1), 0)).toEqual({ fnId: 'a', isKnown: false })
  })
})
