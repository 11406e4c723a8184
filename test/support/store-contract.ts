/** What every replay store does, whatever it keeps its claims in. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'

import type { Claim, ReplayStore } from '../../gateway/replay/store.ts'

export interface ContractStore {
  readonly store: ReplayStore
  readonly end: () => Promise<unknown>
}

/** @param nowSeconds a second from which the stores made here remember. */
export function describeStoreContract(
  name: string,
  nowSeconds: number,
  create: () => Promise<ContractStore>,
): void {
  describe(`${name}, as every replay store,`, () => {
    const ends: (() => Promise<unknown>)[] = []
    afterEach(async () => {
      for (const end of ends.splice(0)) await end()
    })

    async function start() {
      const { store, end } = await create()
      ends.push(end)
      const claimOf = (key: Uint8Array, timestampSeconds = nowSeconds, owner = 1): Claim => ({
        key,
        owner,
        timestampSeconds,
        expiresAtSeconds: timestampSeconds + 600,
      })
      const claim = (key: Uint8Array, target = 'here', timestampSeconds = nowSeconds) =>
        store.claim(claimOf(key, timestampSeconds), () => target, nowSeconds * 1000)
      const claimAs = (owner: number, key: Uint8Array, target = 'here') =>
        store.claim(claimOf(key, nowSeconds, owner), () => target, nowSeconds * 1000)
      const releaseAs = (owner: number, key: Uint8Array, followed?: string) =>
        store.release(claimOf(key, nowSeconds, owner), followed, nowSeconds * 1000)
      const rearm = (key: Uint8Array, target: string) =>
        store.rearm(claimOf(key), target, nowSeconds * 1000)
      return { store, claim, rearm, claimAs, releaseAs }
    }

    it('lets a key be claimed once, whoever holds it', async () => {
      const { claim } = await start()
      const key = randomBytes(32)
      expect(await claim(key)).toBe('claimed')
      expect(await claim(Buffer.from(key))).toBe('duplicate')
      expect(await claim(key, 'elsewhere')).toBe('duplicate')
      expect(await claim(randomBytes(32))).toBe('claimed')
    })

    it('lets one of a thousand at once have it', async () => {
      const { claim } = await start()
      const key = randomBytes(32)
      const outcomes = await Promise.all(Array.from({ length: 1000 }, () => claim(key)))
      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(999)
    })

    it('tells keys apart that share all but one bit', async () => {
      const { claim } = await start()
      const key = randomBytes(32)
      const other = Buffer.from(key)
      other.writeUInt8(other.readUInt8(31) ^ 1, 31)
      expect(await claim(key)).toBe('claimed')
      expect(await claim(other)).toBe('claimed')
    })

    it('lets a key be claimed again by the target of a redirect only, and once', async () => {
      const { claim, rearm } = await start()
      const key = randomBytes(32)
      await claim(key)
      expect(await rearm(key, 'there')).toBe(true)
      expect(await claim(key, 'here')).toBe('duplicate')
      expect(await claim(key, 'elsewhere')).toBe('duplicate')
      expect(await claim(key, 'there')).toBe('followed')
      // Redis cannot tell that it was followed.
      expect(['followed_before', 'duplicate']).toContain(await claim(key, 'there'))
    })

    it('lets one of a hundred at once follow a redirect', async () => {
      const { claim, rearm } = await start()
      const key = randomBytes(32)
      await claim(key)
      await rearm(key, 'there')
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => claim(key, 'there')))
      expect(outcomes.filter((outcome) => outcome === 'followed')).toHaveLength(1)
    })

    it('follows sixty redirects of a key and no more', async () => {
      const { claim, rearm } = await start()
      const key = randomBytes(32)
      await claim(key)
      for (let i = 0; i < 60; i += 1) {
        expect(await rearm(key, `hop ${String(i)}`)).toBe(true)
        expect(await claim(key, `hop ${String(i)}`)).toBe('followed')
      }
      expect(await rearm(key, 'one too many')).toBe(false)
      expect(await claim(key, 'one too many')).toBe('duplicate')
    })

    it('lets a redirect lead to where the call came from', async () => {
      const { claim, rearm } = await start()
      const key = randomBytes(32)
      await claim(key)
      expect(await rearm(key, 'here')).toBe(true)
      expect(await claim(key, 'here')).toBe('followed')
    })

    it('arms no key that was not spent', async () => {
      const { claim, rearm } = await start()
      const key = randomBytes(32)
      expect(await rearm(key, 'there')).toBe(false)
      expect(await claim(key, 'here')).toBe('claimed')
      expect(await claim(key, 'there')).toBe('duplicate')
    })

    it('forgets a claim that its owner releases, so that another can have it', async () => {
      const { claimAs, releaseAs } = await start()
      const key = randomBytes(32)
      expect(await claimAs(1, key)).toBe('claimed')
      expect(await releaseAs(1, key)).toBe(true)
      expect(await claimAs(2, key)).toBe('claimed')
      expect(await claimAs(3, key)).toBe('duplicate')
    })

    it('leaves a claim that somebody else would release, or its owner once more', async () => {
      const { claimAs, releaseAs } = await start()
      const key = randomBytes(32)
      expect(await releaseAs(1, key)).toBe(false)
      await claimAs(1, key)
      expect(await releaseAs(2, key)).toBe(false)
      expect(await claimAs(2, key)).toBe('duplicate')
      expect(await releaseAs(1, key)).toBe(true)
      await claimAs(2, key)
      expect(await releaseAs(1, key)).toBe(false)
      expect(await claimAs(1, key)).toBe('duplicate')
    })

    it('gives one of a hundred at once what was released', async () => {
      const { claimAs, releaseAs } = await start()
      const key = randomBytes(32)
      await claimAs(1, key)
      await releaseAs(1, key)
      const owners = Array.from({ length: 100 }, (_, i) => i + 2)
      const outcomes = await Promise.all(owners.map((owner) => claimAs(owner, key)))
      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1)
    })

    it('gives the target of a redirect back what its call took, once and to nobody else', async () => {
      const { claimAs, releaseAs, rearm } = await start()
      const key = randomBytes(32)
      await claimAs(1, key)
      await rearm(key, 'there')
      expect(await claimAs(2, key, 'there')).toBe('followed')
      expect(await releaseAs(1, key)).toBe(false)
      expect(await releaseAs(1, key, 'there')).toBe(false)
      expect(await releaseAs(2, key, 'there')).toBe(true)
      expect(await releaseAs(2, key, 'there')).toBe(false)
      expect(await claimAs(3, key, 'here')).toBe('duplicate')
      expect(await claimAs(3, key, 'there')).toBe('followed')
      expect(['followed_before', 'duplicate']).toContain(await claimAs(4, key, 'there'))
    })

    it('can be asked, and says so', async () => {
      const { store } = await start()
      expect(store.unavailableBecause).toBe(undefined)
    })
  })
}
