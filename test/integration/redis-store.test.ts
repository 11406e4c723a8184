/** The shared replay store against a real Redis and Valkey: the contract, and all that goes wrong. */
import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import { startStoreServer, storePrograms, type RedisServer } from '../support/redis-server.ts'
import { redisStoreOn } from '../support/redis-store.ts'
import {
  claim,
  claimInTime,
  claimOf,
  expectKept,
  isUp,
  nowSeconds,
  waitBlindly,
} from '../support/store-claims.ts'
import { describeStoreContract } from '../support/store-contract.ts'

/** Until not even a small value fits any more. */
async function fill({ client }: RedisServer): Promise<void> {
  for (const bytes of [100_000, 10_000, 1000, 100, 1]) {
    for (let i = 0; ; i += 1) {
      const key = `filling:${String(bytes)}:${String(i)}`
      const isIn = await client.set(key, 'x'.repeat(bytes)).catch(() => undefined)
      if (isIn === undefined) break
    }
  }
}

describe.each(storePrograms)('on %s', { tags: ['redis'] }, (program) => {
  describeStoreContract('RedisReplayStore', nowSeconds(), async () => {
    const server = await startStoreServer(program)
    const store = redisStoreOn({ url: server.url })
    await isUp(store)
    return {
      store,
      end: async () => {
        await store.close()
        await server.stop()
      },
    }
  })

  describe('RedisReplayStore', () => {
    const start = (...options: string[]) => startStoreServer(program, ...options)

    it('lets one replica of two have a key, a thousand copies at once', async () => {
      const server = await start()
      const stores = [redisStoreOn({ url: server.url }), redisStoreOn({ url: server.url })]
      for (const store of stores) await isUp(store)
      const key = randomBytes(32)
      const outcomes = await Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          claim(stores[i % 2] ?? redisStoreOn({ url: server.url }), key),
        ),
      )
      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(999)
    })

    it('lets a redirect of one replica be followed at the other', async () => {
      const server = await start()
      const [first, second] = [redisStoreOn({ url: server.url }), redisStoreOn({ url: server.url })]
      await isUp(first)
      await isUp(second)
      const key = randomBytes(32)
      await claim(first, key)
      expect(await first.rearm(claimOf(key), 'there', Date.now())).toBe(true)
      expect(await second.claim(claimOf(key), () => 'there', Date.now())).toBe('followed')
      expect(await first.claim(claimOf(key), () => 'there', Date.now())).toBe('duplicate')
    })

    it('refuses what may be forgotten once signatures are fresh for longer', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      const [used, unused] = [claimOf(randomBytes(32)), claimOf(randomBytes(32))]
      expect(await store.claim(used, () => 'here', Date.now())).toBe('claimed')
      // As after eleven minutes: Redis has forgotten it, and a reload has made freshness an hour.
      await server.client.del(await server.client.keys('test:{*'))
      const laterMs = (used.timestampSeconds + 661) * 1000
      for (const claimed of [used, unused]) {
        const longer = { ...claimed, expiresAtSeconds: claimed.timestampSeconds + 3600 }
        expect(await store.claim(longer, () => 'here', laterMs)).toBe('before_start')
      }
    })

    it('keeps a claim for as long as any replica could find it fresh, and a minute more', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      const key = randomBytes(32)
      await expectKept(server, () => claim(store, key), 661)
      expect(await server.client.keys('*{*')).toEqual([`test:{${key.toString('base64url')}}`])
    })

    it('keeps a claim of a gateway that is strict for as long as others are by default', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      const timestampSeconds = nowSeconds()
      const claimFresh = (freshSeconds: number) => () => {
        const expiresAtSeconds = timestampSeconds + freshSeconds
        const fresh = {
          key: randomBytes(32),
          timestampSeconds,
          expiresAtSeconds,
          shared: undefined,
          owner: 1,
        }
        return store.claim(fresh, () => 'here', Date.now())
      }
      await expectKept(server, claimFresh(10), 661)
      await server.client.flushall()
      await expectKept(server, claimFresh(900), 961)
    })

    it('gives up in time on a server that is paused, and goes on when it is there again', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url, timeoutMs: 200 })
      await isUp(store)
      server.pause()
      const key = randomBytes(32)
      expect(await claim(store, key)).toMatch(/no response in time/)
      server.resume()
      // What the server had in its hands was claimed there; it is not claimed twice.
      await expect.poll(() => claim(store, key)).toBe('duplicate')
      await expect.poll(() => claim(store, randomBytes(32))).toBe('claimed')
    })

    it('takes an answer that has come while this process was busy, however late it reads it', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url, timeoutMs: 50 })
      await isUp(store)
      // From here on timers come before what is to be read.
      await setImmediate()
      const key = randomBytes(32)
      const outcome = claim(store, key)
      waitBlindly(server, key, 100)
      expect(await outcome).toBe('claimed')
    })

    it('connects anew to a server that answers nothing for long, and lets nothing in again', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url, timeoutMs: 200 })
      await isUp(store)
      const key = randomBytes(32)
      expect(await claimInTime(store, key)).toMatch(/^(?:claimed|duplicate)$/)
      server.pause()
      await claim(store, randomBytes(32))
      await expect.poll(() => store.unavailableBecause).toMatch(/^not connected: Socket timeout/)
      server.resume()
      await isUp(store)
      expect(await claimInTime(store, key)).toBe('duplicate')
      await expect.poll(() => claim(store, randomBytes(32))).toBe('claimed')
    })

    it('cannot be asked while the server is gone, and goes on by itself', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      await server.kill()
      await expect.poll(() => store.unavailableBecause).toMatch(/^not connected/)
      expect(await claim(store, randomBytes(32))).toMatch(
        /^replay store unavailable: not connected/,
      )
      await server.start()
      await isUp(store)
      expect(await claim(store, randomBytes(32))).toBe('claimed')
    })

    it('refuses when the server is full, and forgets nothing for it', async () => {
      const server = await start('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction')
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      const first = randomBytes(32)
      expect(await claim(store, first)).toBe('claimed')
      await fill(server)
      expect(await claim(store, randomBytes(32))).toContain('OOM')
      expect(await server.client.exists(`test:{${first.toString('base64url')}}`)).toBe(1)
      await server.client.del(...(await server.client.keys('filling:*')))
      await expect.poll(() => claim(store, randomBytes(32))).toBe('claimed')
    })

    it('is not used where the server can evict live claims', async () => {
      const server = await start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
      const store = redisStoreOn({ url: server.url })
      await expect
        .poll(() => store.unavailableBecause)
        .toBe('the server can evict live claims: set maxmemory-policy to noeviction')
      expect(await claim(store, randomBytes(32))).toContain('can evict live claims')
    })

    it('is not used in another database than the one that was asked for', async () => {
      const server = await start()
      const store = redisStoreOn({ url: `${server.url}/99` })
      await expect.poll(() => store.unavailableBecause).toContain('DB index is out of range')
      await server.client.acl('SETUSER', 'gateway', 'on', '>secret', '~*', '+@all', '-select')
      const user = { username: 'gateway', password: 'secret' }
      const barred = redisStoreOn({ url: `${server.url}/1`, ...user })
      await expect.poll(() => barred.unavailableBecause).toContain("'select'")
      expect(await claim(barred, randomBytes(32))).toContain("'select'")
    })

    it('is not used on a replica, and refuses what was signed before that took over', async () => {
      const primary = await start()
      const replica = await start('--replicaof', '127.0.0.1', String(primary.port))
      const store = redisStoreOn({ url: replica.url }, true)
      await expect.poll(() => store.unavailableBecause).toMatch(/^the server is a replica/)
      expect(await claim(store, randomBytes(32))).toContain('the server is a replica')
      await replica.client.replicaof('NO', 'ONE')
      const t = nowSeconds()
      await isUp(store)
      expect(await claim(store, randomBytes(32), t)).toBe('before_start')
      expect(await claim(store, randomBytes(32), t + 30)).toBe('claimed')
    })

    it('releases no claim of another replica, whatever number its owner has', async () => {
      const server = await start()
      const [one, other] = [redisStoreOn({ url: server.url }), redisStoreOn({ url: server.url })]
      for (const store of [one, other]) await isUp(store)
      const key = randomBytes(32)
      expect(await claim(one, key)).toBe('claimed')
      expect(await other.release(claimOf(key), undefined)).toBe(false)
      expect(await claim(other, key)).toBe('duplicate')
      expect(await one.release(claimOf(key), undefined)).toBe(true)
      expect(await claim(other, key)).toBe('claimed')
    })

    it('cannot be asked with a wrong password', async () => {
      const server = await start('--requirepass', 'secret')
      const store = redisStoreOn({ url: server.url, password: 'wrong' })
      expect(await claim(store, randomBytes(32))).toContain('not connected')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(store.unavailableBecause).not.toBe(undefined)
    })
  })
})
