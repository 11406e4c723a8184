/** The contract of every replay store. */
import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'

import type { SharedMac } from '../../gateway/admit/facts.ts'
import type { Claim, ReplayStore } from '../../gateway/replay/store.ts'
import { ClaimModel, step } from './claim-model.ts'
import { testLookUps } from './lookup-contract.ts'

export interface ContractStore {
  readonly store: ReplayStore
  readonly end: () => Promise<unknown>
}

type Kind = SharedMac['kind']

/** @param nowSeconds a second that is in the memory of all stores made here. */
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
        shared: undefined,
      })
      const claim = (key: Uint8Array, target = 'here', timestampSeconds = nowSeconds) =>
        store.claim(claimOf(key, timestampSeconds), () => target, nowSeconds * 1000)
      const claimAs = (owner: number, key: Uint8Array, target = 'here') =>
        store.claim(claimOf(key, nowSeconds, owner), () => target, nowSeconds * 1000)
      const releaseAs = (owner: number, key: Uint8Array, followed?: string) =>
        store.release(claimOf(key, nowSeconds, owner), followed, nowSeconds * 1000)
      const rearm = (key: Uint8Array, target: string) =>
        store.rearm(claimOf(key), target, nowSeconds * 1000)
      const sharedClaim = (
        mac: Uint8Array,
        key: Uint8Array,
        owner = 1,
        kind: Kind = 'reentry',
      ) => ({
        ...claimOf(key, nowSeconds, owner),
        shared: { mac, kind },
      })
      const share = (
        mac: Uint8Array,
        key: Uint8Array,
        owner?: number,
        kind?: Kind,
        target = 'here',
      ) => store.claim(sharedClaim(mac, key, owner, kind), () => target, nowSeconds * 1000)
      const releaseShared = (owner: number, mac: Uint8Array, key: Uint8Array, kind?: Kind) =>
        store.release(sharedClaim(mac, key, owner, kind), undefined, nowSeconds * 1000)
      const rearmShared = (mac: Uint8Array, key: Uint8Array, target: string) =>
        store.rearm(sharedClaim(mac, key), target, nowSeconds * 1000)
      return { store, claim, rearm, claimAs, releaseAs, share, releaseShared, rearmShared }
    }

    testLookUps(nowSeconds, start)
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
      // Redis cannot report that it was followed.
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

    it('claims each of a hundred requests that share a MAC once', async () => {
      const { share } = await start()
      const mac = randomBytes(32)
      const keys = Array.from({ length: 100 }, () => randomBytes(32))
      const outcomes = await Promise.all([...keys, ...keys].map((key) => share(mac, key)))
      expect(outcomes.slice(0, 100)).toEqual(keys.map(() => 'claimed'))
      expect(outcomes.slice(100)).toEqual(keys.map(() => 'duplicate'))
    })

    it('refuses a MAC that was claimed alone to requests that would share it', async () => {
      const { claim, share } = await start()
      const mac = randomBytes(32)
      expect(await claim(mac)).toBe('claimed')
      expect(await share(mac, randomBytes(32))).toBe('other_kind')
      expect(await claim(mac)).toBe('duplicate')
    })

    it('refuses a MAC that requests share to one that claims it alone, or for another kind', async () => {
      const { claim, share } = await start()
      const mac = randomBytes(32)
      expect(await share(mac, randomBytes(32))).toBe('claimed')
      expect(await claim(mac)).toBe('other_kind')
      expect(await share(mac, randomBytes(32), 1, 'probe')).toBe('other_kind')
      expect(await share(mac, randomBytes(32))).toBe('claimed')
    })

    it('gives a MAC to one kind only, of two hundred requests at once', async () => {
      const { claim, share } = await start()
      const mac = randomBytes(32)
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          i % 2 === 0 ? claim(mac) : share(mac, randomBytes(32)),
        ),
      )
      const isAlone = outcomes[0] === 'claimed'
      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(isAlone ? 1 : 100)
      expect(outcomes.filter((outcome) => outcome === 'other_kind')).toHaveLength(100)
    })

    it('lets a thousand requests share a MAC and no more, until one is released', async () => {
      const { share, releaseShared } = await start()
      const mac = randomBytes(32)
      const keys = Array.from({ length: 1001 }, () => randomBytes(32))
      const outcomes = await Promise.all(keys.map((key) => share(mac, key)))
      expect(outcomes.slice(0, 1000)).toEqual(keys.slice(0, 1000).map(() => 'claimed'))
      expect(outcomes[1000]).toBe('too_many')
      const [first = mac, last = mac] = [keys[0], keys[1000]]
      expect(await share(mac, first)).toBe('duplicate')
      expect(await releaseShared(1, mac, first)).toBe(true)
      expect(await share(mac, last)).toBe('claimed')
      expect(await share(mac, first)).toBe('too_many')
    })

    it('forgets a shared MAC with the last request that releases it', async () => {
      const { claim, share, releaseShared } = await start()
      const [mac, key, other] = [randomBytes(32), randomBytes(32), randomBytes(32)]
      await share(mac, key)
      await share(mac, other, 2)
      expect(await releaseShared(2, mac, key)).toBe(false)
      expect(await releaseShared(1, mac, key)).toBe(true)
      expect(await releaseShared(1, mac, key)).toBe(false)
      expect(await claim(mac)).toBe('other_kind')
      expect(await releaseShared(2, mac, other)).toBe(true)
      expect(await claim(mac)).toBe('claimed')
    })

    it('lets a request that shares its MAC follow a redirect once', async () => {
      const { share, rearmShared } = await start()
      const [mac, key] = [randomBytes(32), randomBytes(32)]
      await share(mac, key)
      expect(await rearmShared(mac, key, 'there')).toBe(true)
      expect(await share(mac, key, 1, 'reentry', 'elsewhere')).toBe('duplicate')
      expect(await share(mac, key, 1, 'reentry', 'there')).toBe('followed')
      expect(['followed_before', 'duplicate']).toContain(
        await share(mac, key, 1, 'reentry', 'there'),
      )
    })

    it('decides any sequence of claims and releases as a simple model of them does', async () => {
      const { claimAs, share, releaseAs, releaseShared } = await start()
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const salt = randomBytes(32)
          const keyOf = (...parts: unknown[]) =>
            createHash('sha256').update(salt).update(JSON.stringify(parts)).digest()
          const model = new ClaimModel()
          for (const { what, mac, key, kind } of steps) {
            const [macKey, ownKey] = [keyOf(mac), keyOf(mac, key, kind)]
            const did =
              what === 'claim'
                ? await (kind === 'alone' ? claimAs(1, macKey) : share(macKey, ownKey, 1, kind))
                : await (kind === 'alone'
                    ? releaseAs(1, macKey)
                    : releaseShared(1, macKey, ownKey, kind))
            expect(did).toBe(model[what](mac, key, kind))
          }
        }),
        { numRuns: 40 },
      )
    })

    it('can be asked, and says so', async () => {
      const { store } = await start()
      expect(store.unavailableBecause).toBe(undefined)
    })
  })
}
