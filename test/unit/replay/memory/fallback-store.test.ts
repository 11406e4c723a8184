import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'

import { FallbackReplayStore } from '../../../../gateway/replay/memory/fallback-store.ts'
import { MemoryReplayStore } from '../../../../gateway/replay/memory/store.ts'
import type { Claim, ClaimOutcome, ReplayStore } from '../../../../gateway/replay/store.ts'

const t = 1_700_000_000

describe('a shared store with memory to fall back to', () => {
  it('knows what was claimed while it was away, and of nothing else then that it is unclaimed', async () => {
    const { store, claim, setAway } = start()
    const [away, other] = [randomBytes(32), randomBytes(32)]
    const isClaimed = (mac: Buffer) => store.isClaimed(mac, t, t * 1000)
    setAway(true)
    await claim('here', away)
    expect(await isClaimed(away)).toBe(true)
    await expect(isClaimed(other)).rejects.toThrow('away')
    setAway(false)
    expect([await isClaimed(away), await isClaimed(other)]).toEqual([true, false])
  })

  it('lets a redirect be followed once, whenever the shared store goes and comes', async () => {
    // Which of the two calls of the target and the one before the shared store hears of.
    for (const [first, second] of [
      ['away', 'there'],
      ['there', 'away'],
      ['away', 'away'],
      ['there', 'there'],
    ]) {
      const { store, claim, rearm, setAway } = start()
      expect(await claim('here')).toBe('claimed')
      expect(await rearm('there')).toBe(true)
      setAway(first === 'away')
      expect(await claim('there')).toBe('followed')
      setAway(second === 'away')
      expect(isAdmitted(await claim('there')), `${String(first)}, ${String(second)}`).toBe(false)
      setAway(false)
      expect(isAdmitted(await claim('there'))).toBe(false)
      await store.close()
    }
  })

  it('lets a redirect be followed that another replica was answered with', async () => {
    const shared = memory()
    const [one, other] = [start(shared), start(shared)]
    const key = randomBytes(32)
    expect(await one.claim('a', key)).toBe('claimed')
    expect(await one.rearm('b', key)).toBe(true)
    expect(await other.claim('b', key)).toBe('followed')
    expect(await other.rearm('c', key)).toBe(true)
    expect(await one.claim('c', key)).toBe('followed')
    for (const { claim } of [one, other]) {
      for (const target of ['a', 'b', 'c']) expect(isAdmitted(await claim(target, key))).toBe(false)
    }
  })

  it('admits one of two copies, whichever of them the shared store hears of', async () => {
    for (const isAwayFirst of [true, false]) {
      const { claim, setAway } = start()
      setAway(isAwayFirst)
      expect(await claim('here')).toBe('claimed')
      setAway(!isAwayFirst)
      expect(isAdmitted(await claim('here'))).toBe(false)
    }
  })

  it('gives a MAC to one kind of request, whichever of the stores hears of each', async () => {
    for (const isAwayFirst of [true, false]) {
      const { claim, share, setAway } = start()
      const mac = randomBytes(32)
      setAway(isAwayFirst)
      expect(await share(mac, randomBytes(32))).toBe('claimed')
      setAway(!isAwayFirst)
      expect(await claim('here', mac)).toBe('other_kind')
    }
  })
})

function isAdmitted(outcome: ClaimOutcome): boolean {
  return outcome === 'claimed' || outcome === 'followed'
}

function memory(): MemoryReplayStore {
  return new MemoryReplayStore({ maxEntries: 100, remembersFromSeconds: 0 })
}

function start(shared: ReplayStore = memory()) {
  let isAway = false
  const away = () => Promise.reject(new Error('away'))
  const reached: ReplayStore = {
    entries: undefined,
    capacity: undefined,
    unavailableBecause: undefined,
    remembersFromSeconds: 0,
    claim: (...asked) => (isAway ? away() : shared.claim(...asked)),
    release: (...asked) => (isAway ? away() : shared.release(...asked)),
    rearm: (...asked) => (isAway ? away() : shared.rearm(...asked)),
    isClaimed: (...asked) => (isAway ? away() : shared.isClaimed(...asked)),
    close: () => shared.close(),
  }
  const store = new FallbackReplayStore(reached, memory(), pino({ level: 'silent' }))
  const usual = randomBytes(32)
  const claimOf = (key: Buffer): Claim => ({
    key,
    shared: undefined,
    owner: 1,
    timestampSeconds: t,
    expiresAtSeconds: t + 600,
  })
  return {
    store,
    claim: (target: string, key = usual) => store.claim(claimOf(key), () => target, t * 1000),
    share: (mac: Buffer, key: Buffer) => {
      const shared = { mac, kind: 'reentry' } as const
      return store.claim({ ...claimOf(key), shared }, () => 'here', t * 1000)
    },
    rearm: (target: string, key = usual) => store.rearm(claimOf(key), target, t * 1000),
    setAway: (next: boolean) => {
      isAway = next
    },
  }
}
