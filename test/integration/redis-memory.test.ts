/** What the shared replay store admits once a real Redis or Valkey may have lost claims. */
// @module-tag redis
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'

import { startStoreServer, storePrograms } from '../support/redis-server.ts'
import { redisStoreOn } from '../support/redis-store.ts'
import { claim, claimOf, isSettled, isUp, nowSeconds } from '../support/store-claims.ts'

describe.each(storePrograms)('on %s', (program) => {
  describe('RedisReplayStore', () => {
    const start = (...options: string[]) => startStoreServer(program, ...options)

    it('refuses what was signed before a server that was started again, so that nothing lost is let in', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url }, true)
      await isUp(store)
      const t = nowSeconds() + 5
      const key = randomBytes(32)
      expect(await claim(store, key, t)).toBe('claimed')
      const before = nowSeconds() - 3
      await server.kill()
      await server.start()
      await expect
        .poll(() => store.unavailableBecause)
        .toMatch(/^not connected/)
        .catch(() => undefined)
      await isUp(store)
      expect(await claim(store, key, before)).toBe('before_start')
      expect(await claim(store, randomBytes(32), nowSeconds() + 10)).toBe('claimed')
    })

    it('refuses what was signed before its server began, however late it comes to it', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url }, true)
      await isUp(store)
      const now = nowSeconds()
      expect(await claim(store, randomBytes(32), now - 60)).toBe('before_start')
      expect(await claim(store, randomBytes(32), now + 10)).toBe('claimed')
    })

    it('refuses what was signed before claims were first kept there, however long the server runs', async () => {
      const server = await start()
      const t = nowSeconds() + 30
      await server.client.set('test:since', t)
      const store = redisStoreOn({ url: server.url }, true)
      await isUp(store)
      expect(await claim(store, randomBytes(32), t + 1)).toBe('before_start')
      expect(await claim(store, randomBytes(32), t + 2)).toBe('claimed')
    })

    it('is not used where it cannot be told since when claims are kept', async () => {
      const server = await start()
      await server.client.set('test:since', 'yesterday')
      const store = redisStoreOn({ url: server.url })
      await expect
        .poll(() => store.unavailableBecause)
        .toBe('test:since: not a value that a gateway writes: delete this key')
      expect(await claim(store, randomBytes(32))).toContain(
        'not a value that a gateway writes: delete this key',
      )
    })

    it('admits nothing again that a server was emptied of, at no moment', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url }, true)
      await isSettled(store)
      const [key, t] = [randomBytes(32), nowSeconds()]
      expect(await claim(store, key, t)).toBe('claimed')
      await server.client.flushall()
      expect(await claim(store, key, t)).toBe('before_start')
      // The claim itself has left the mark, from which on claims are whole again.
      expect(Number(await server.client.get('test:since'))).toBeGreaterThanOrEqual(t)
      expect(await claim(store, randomBytes(32), nowSeconds() + 10)).toBe('claimed')
    })

    it('admits no re-entry again that a server was emptied of, nor its MAC for a call', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url }, true)
      await isSettled(store)
      const [key, mac, t] = [randomBytes(32), randomBytes(32), nowSeconds()]
      const reentry = { ...claimOf(key, t), shared: { mac, kind: 'reentry' as const } }
      const reenter = () => store.claim(reentry, () => 'here', Date.now())
      expect(await reenter()).toBe('claimed')
      await server.client.flushall()
      expect(await reenter()).toBe('before_start')
      expect(Number(await server.client.get('test:since'))).toBeGreaterThanOrEqual(t)
      expect(await claim(store, mac, t)).toBe('before_start')
    })

    it('keeps a MAC as long as the longest claim that shares it, whichever replica makes the next', async () => {
      const server = await start()
      const [mac, t] = [randomBytes(32), nowSeconds()]
      const lives: number[] = []
      for (const seconds of [900, 60]) {
        const store = redisStoreOn({ url: server.url })
        await isUp(store)
        const shared = { mac, kind: 'reentry' as const }
        const shares = { ...claimOf(randomBytes(32), t), shared, expiresAtSeconds: t + seconds }
        expect(await store.claim(shares, () => 'here', Date.now())).toBe('claimed')
        lives.push(await server.client.pttl(`test:{${mac.toString('base64url')}}`))
      }
      expect(lives.every((life) => life > 800_000)).toBe(true)
    })

    it.each([3, 10, 50])(
      'admits no signature again after it was emptied, where all are %i s in the future',
      async (aheadSeconds) => {
        const server = await start()
        const store = redisStoreOn({ url: server.url }, true)
        await isSettled(store)
        const t = nowSeconds() + aheadSeconds
        const keys = Array.from({ length: 11 }, () => randomBytes(32))
        for (const key of keys) expect(await claim(store, key, t)).toBe('claimed')
        await server.client.flushall()
        for (const key of keys) expect(await claim(store, key, t)).toBe('before_start')
        expect(await claim(store, randomBytes(32), nowSeconds() + aheadSeconds + 3)).toBe('claimed')
      },
    )

    it('begins anew with a server that was emptied, once it has looked', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url }, true)
      await isUp(store)
      const [key, t] = [randomBytes(32), nowSeconds() + 5]
      expect(await claim(store, key, t)).toBe('claimed')
      await server.client.flushall()
      await server.client.set('test:since', t)
      await server.client.call('CLIENT', ['KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      await expect.poll(() => claim(store, key, t)).toBe('before_start')
    })
  })
})
