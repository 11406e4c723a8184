import { describe, expect, it } from 'vitest'

import { FallbackPairs } from '../../../gateway/pairs/fallback-pairs.ts'
import { LearnedPairs } from '../../../gateway/pairs/learned-pairs.ts'
import { MemoryPairs } from '../../../gateway/pairs/memory-pairs.ts'
import type { PairStore } from '../../../gateway/pairs/pair-store.ts'
import { describePairStore } from '../../support/pair-contract.ts'

const lesson = { key: 'id app', fnId: 'a', runId: 'r1' }
const HOUR_MS = 3_600_000

const brokenStore: PairStore = {
  find: () => Promise.reject(new Error('down')),
  learn: () => Promise.reject(new Error('down')),
}

function start(store: PairStore = new MemoryPairs()) {
  const clock = { ms: 0, nowMs: () => clock.ms }
  return { clock, store, pairs: new LearnedPairs(store, clock) }
}

describe('LearnedPairs', () => {
  it('remembers a pair only once it is known', async () => {
    const { pairs } = start()
    await pairs.learn(lesson)
    expect(pairs.recall('id app')).toBeUndefined()
    expect(await pairs.find('id app')).toEqual({ fnId: 'a', isKnown: false })
    await pairs.learn({ ...lesson, runId: 'r2' })
    expect(pairs.recall('id app')).toEqual({ fnId: 'a', isKnown: true })
  })

  it('asks the store again after an hour', async () => {
    const { pairs, clock } = start()
    for (const runId of ['r1', 'r2']) await pairs.learn({ ...lesson, runId })
    clock.ms = HOUR_MS - 1
    expect(pairs.recall('id app')).toBeDefined()
    clock.ms = HOUR_MS
    expect(pairs.recall('id app')).toBeUndefined()
    expect(await pairs.find('id app')).toEqual({ fnId: 'a', isKnown: true })
  })

  it('takes the pair that the store knows for the one that was to be learned', async () => {
    const { pairs, store } = start()
    for (const runId of ['r1', 'r2']) await store.learn({ ...lesson, runId }, 0)
    await pairs.learn({ ...lesson, fnId: 'b', runId: 'r3' })
    expect(pairs.recall('id app')).toEqual({ fnId: 'a', isKnown: true })
  })

  it('fails as the claim does where the store is unavailable, and learns nothing', async () => {
    const { pairs } = start(brokenStore)
    await expect(pairs.find('id app')).rejects.toMatchObject({ code: 'replay_store_unavailable' })
    await pairs.learn(lesson)
    expect(pairs.recall('id app')).toBeUndefined()
  })
})

describe('FallbackPairs', () => {
  describePairStore(() => Promise.resolve(new FallbackPairs(brokenStore, new MemoryPairs())))

  it('knows alone what it learned before the shared store went', async () => {
    const shared = new MemoryPairs()
    let isDown = false
    const store = () => (isDown ? brokenStore : shared)
    const pairs = new FallbackPairs(
      { find: (...args) => store().find(...args), learn: (...args) => store().learn(...args) },
      new MemoryPairs(),
    )
    for (const runId of ['r1', 'r2']) await pairs.learn({ ...lesson, runId }, 0)
    isDown = true
    expect(await pairs.find('id app', 0)).toEqual({ fnId: 'a', isKnown: true })
    isDown = false
    expect(await shared.find('id app', 0)).toEqual({ fnId: 'a', isKnown: true })
  })
})
