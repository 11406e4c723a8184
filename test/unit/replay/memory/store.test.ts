import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'

import { describeStoreContract } from '../../../support/store-contract.ts'
import { MemoryReplayStore } from '../../../../gateway/replay/memory/store.ts'

const t = 1_700_000_000

function storeOf(maxEntries = 10, remembersFromSeconds = 0) {
  const store = new MemoryReplayStore({ maxEntries, remembersFromSeconds })
  const claim = (
    key: Uint8Array,
    timestampSeconds = t,
    nowSeconds = t,
    expiresAtSeconds = timestampSeconds + 600,
  ) =>
    store.claim(
      { key, timestampSeconds, expiresAtSeconds, shared: undefined, owner: 1 },
      () => 'here',
      nowSeconds * 1000,
    )
  return { store, claim }
}

describeStoreContract('MemoryReplayStore', t, () => {
  const store = new MemoryReplayStore({ maxEntries: 10_000, remembersFromSeconds: 0 })
  return Promise.resolve({ store, end: () => store.close() })
})

describe('MemoryReplayStore', () => {
  it('lets a key be claimed once until the last second at which it could be fresh', async () => {
    const { store, claim } = storeOf()
    const key = randomBytes(32)
    expect(await claim(key)).toBe('claimed')
    expect(await claim(Buffer.from(key))).toBe('duplicate')
    expect(await claim(key, t, t + 600)).toBe('duplicate')
    expect(store.entries).toBe(1)
  })

  it('forgets what has expired, and does not take it again when the clock steps back', async () => {
    const { store, claim } = storeOf()
    const key = randomBytes(32)
    await claim(key)
    expect(await claim(randomBytes(32), t + 601, t + 601)).toBe('claimed')
    expect(store.entries).toBe(1)
    expect(await claim(key, t, t)).toBe('before_start')
  })

  it('says of a MAC of before it remembers that it is claimed', async () => {
    const { store } = storeOf(10, t)
    expect(await store.isClaimed(randomBytes(32), t - 1, t * 1000)).toBe(true)
    expect(await store.isClaimed(randomBytes(32), t, t * 1000)).toBe(false)
  })

  it('goes on forgetting after a clock that was far ahead for a moment', async () => {
    const { store, claim } = storeOf()
    const claimed = {
      key: randomBytes(32),
      timestampSeconds: t,
      expiresAtSeconds: t + 3,
      shared: undefined,
      owner: 1,
    }
    await store.claim(claimed, () => 'here', t * 1000)
    await store.rearm(claimed, 'there', (t + 86_400) * 1000)
    await claim(randomBytes(32), t + 1, t + 1, t + 4)
    expect(store.entries).toBe(1)
    await claim(randomBytes(32), t + 10, t + 10)
    expect(store.entries).toBe(1)
  })

  it('counts a MAC that requests share as an entry, and never holds more than it may', async () => {
    const { store } = storeOf(3)
    const share = (mac: Uint8Array) => {
      const signed = { key: randomBytes(32), timestampSeconds: t, expiresAtSeconds: t + 600 }
      const claim = { ...signed, owner: 1, shared: { mac, kind: 'reentry' } as const }
      return store.claim(claim, () => 'here', t * 1000)
    }
    const mac = randomBytes(32)
    expect(await share(mac)).toBe('claimed')
    expect(store.entries).toBe(2)
    expect(await share(randomBytes(32))).toBe('full')
    expect(await share(mac)).toBe('claimed')
    expect(await share(mac)).toBe('full')
    expect(store.entries).toBe(3)
  })

  it('refuses when full, forgets nothing, and still knows its claims', async () => {
    const { claim } = storeOf(2)
    const [first, second] = [randomBytes(32), randomBytes(32)]
    await claim(first)
    await claim(second)
    expect(await claim(randomBytes(32))).toBe('full')
    expect(await claim(first)).toBe('duplicate')
  })

  it('refuses signatures of before it began to remember', async () => {
    const { claim } = storeOf(10, t)
    expect(await claim(randomBytes(32), t - 1)).toBe('before_start')
    expect(await claim(randomBytes(32), t)).toBe('claimed')
  })

  it('admits one of a hundred at once', async () => {
    const { claim } = storeOf()
    const key = randomBytes(32)
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => claim(key)))
    expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1)
  })
})
