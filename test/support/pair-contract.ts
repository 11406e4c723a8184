/** The contract of every store of function pairs. */
import { expect, it } from 'vitest'

import type { PairStore } from '../../gateway/pairs/pair-store.ts'

export function describePairStore(start: () => Promise<PairStore>): void {
  const lesson = (fnId: string, runId: string, key = 'id app') => ({ key, fnId, runId })

  it('knows nothing at first', async () => {
    expect(await (await start()).find('id app', 0)).toBeUndefined()
  })

  it('knows a pair once the calls of two runs agree', async () => {
    const store = await start()
    expect(await store.learn(lesson('a', 'r1'), 0)).toEqual({ fnId: 'a', isKnown: false })
    expect(await store.learn(lesson('a', 'r1'), 0)).toEqual({ fnId: 'a', isKnown: false })
    expect(await store.find('id app', 0)).toEqual({ fnId: 'a', isKnown: false })
    expect(await store.learn(lesson('a', 'r2'), 0)).toEqual({ fnId: 'a', isKnown: true })
    expect(await store.find('id app', 0)).toEqual({ fnId: 'a', isKnown: true })
  })

  it('never replaces a known pair', async () => {
    const store = await start()
    for (const run of ['r1', 'r2']) await store.learn(lesson('a', run), 0)
    for (const run of ['r3', 'r4', 'r5']) {
      expect(await store.learn(lesson('b', run), 0)).toEqual({ fnId: 'a', isKnown: true })
    }
    expect(await store.find('id app', 0)).toEqual({ fnId: 'a', isKnown: true })
  })

  it('begins anew where two runs contradict each other', async () => {
    const store = await start()
    await store.learn(lesson('changed', 'r1'), 0)
    expect(await store.learn(lesson('a', 'r2'), 0)).toEqual({ fnId: 'a', isKnown: false })
    expect(await store.learn(lesson('changed', 'r1'), 0)).toEqual({
      fnId: 'changed',
      isKnown: false,
    })
    await store.learn(lesson('a', 'r3'), 0)
    expect(await store.learn(lesson('a', 'r4'), 0)).toEqual({ fnId: 'a', isKnown: true })
  })

  it('keeps the pairs of other ids apart, and one name for several ids', async () => {
    const store = await start()
    for (const run of ['r1', 'r2']) await store.learn(lesson('a', run, 'one app'), 0)
    for (const run of ['r1', 'r2']) await store.learn(lesson('a', run, 'two app'), 0)
    expect(await store.find('one app', 0)).toEqual({ fnId: 'a', isKnown: true })
    expect(await store.find('two app', 0)).toEqual({ fnId: 'a', isKnown: true })
    expect(await store.find('three app', 0)).toBeUndefined()
  })

  it.each(['', 'a b', ' a', 'ä\n', 'x'.repeat(256)])('keeps the name %j as it is', async (fnId) => {
    const store = await start()
    for (const run of ['r1', 'r2']) await store.learn(lesson(fnId, run), 0)
    expect(await store.find('id app', 0)).toEqual({ fnId, isKnown: true })
  })
}
