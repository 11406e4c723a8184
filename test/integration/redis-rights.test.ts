/** What the shared replay store needs of a real Redis and Valkey, and of its user there. */
// @module-tag redis
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'

import { startStoreServer, storePrograms } from '../support/redis-server.ts'
import { redisStoreOn, redisStoresOn } from '../support/redis-store.ts'
import { claim, claimOf, isUp } from '../support/store-claims.ts'

describe.each(storePrograms)('on %s', (program) => {
  describe('RedisReplayStore', () => {
    const start = (...options: string[]) => startStoreServer(program, ...options)

    it('needs no more rights than these, under an ACL user', async () => {
      const server = await start()
      const rights = [
        '+set',
        '+get',
        '+del',
        '+exists',
        '+incr',
        '+pexpire',
        '+pttl',
        '+eval',
        '+evalsha',
        '+script|load',
        '+info',
        '+ping',
        '+select',
      ]
      await server.client.acl('SETUSER', 'gateway', 'on', '>secret', '~test:*', '-@all', ...rights)
      const user = { username: 'gateway', password: 'secret' }
      const { replay: store, pairs } = redisStoresOn({ url: server.url, ...user })
      await isUp(store)
      const lesson = { key: 'id app', fnId: 'a', runId: 'r1' }
      expect(await pairs.learn(lesson)).toEqual({ fnId: 'a', isKnown: false })
      expect(await pairs.find('id app')).toEqual({ fnId: 'a', isKnown: false })
      const key = randomBytes(32)
      expect(await claim(store, key)).toBe('claimed')
      expect(await store.rearm(claimOf(key), 'there', Date.now())).toBe(true)
      expect(await store.claim(claimOf(key), () => 'there', Date.now())).toBe('followed')
      expect(await store.release(claimOf(key), 'there')).toBe(true)
      const other = randomBytes(32)
      expect(await claim(store, other)).toBe('claimed')
      expect(await store.release(claimOf(other), undefined)).toBe(true)
      const shared = { mac: randomBytes(32), kind: 'reentry' } as const
      const reentry = { ...claimOf(randomBytes(32)), shared }
      expect(await store.claim(reentry, () => 'here', Date.now())).toBe('claimed')
      expect(await store.release(reentry, undefined)).toBe(true)
    })

    it.each([
      'get',
      'set',
      'del',
      'exists',
      'incr',
      'pexpire',
      'pttl',
      'eval',
      'evalsha',
      'script',
    ])(
      'is not used from the start where its ACL user may not run %s, and says so',
      async (command) => {
        const server = await start()
        const rights = ['~test:*', '+@all', `-${command}`] as const
        await server.client.acl('SETUSER', 'gateway', 'on', '>secret', ...rights)
        const store = redisStoreOn({ url: server.url, username: 'gateway', password: 'secret' })
        const why = `user gateway may not run ${command.toUpperCase()}, which claims need`
        await expect.poll(() => store.unavailableBecause).toContain(why)
        expect(await claim(store, randomBytes(32))).toContain(why)
        await server.client.acl('SETUSER', 'gateway', '+@all')
        await isUp(store)
      },
    )

    it('is not used from the start where its ACL user may not use its keys', async () => {
      const server = await start()
      await server.client.acl('SETUSER', 'gateway', 'on', '>secret', '~other:*', '+@all')
      const store = redisStoreOn({ url: server.url, username: 'gateway', password: 'secret' })
      await expect.poll(() => store.unavailableBecause).toMatch(/^user gateway may not run GET/)
    })

    it.each(['PEXPIRE', 'EVALSHA', 'INCR'])(
      'is not used from the start where the server has no %s, and says so',
      async (command) => {
        const server = await start('--rename-command', command, '')
        const store = redisStoreOn({ url: server.url })
        await expect
          .poll(() => store.unavailableBecause)
          .toBe(
            `the server has no ${command}, which claims need (Redis 6.2 or Valkey 7.2 at least)`,
          )
      },
    )

    it('lets a redirect be followed where the server has no GETDEL', async () => {
      const server = await start('--rename-command', 'GETDEL', '')
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      const key = randomBytes(32)
      await claim(store, key)
      expect(await store.rearm(claimOf(key), 'there', Date.now())).toBe(true)
      expect(await store.claim(claimOf(key), () => 'there', Date.now())).toBe('followed')
    })

    it('leaves nothing behind that it finds out its rights with', async () => {
      const server = await start()
      await isUp(redisStoreOn({ url: server.url }))
      await expect.poll(() => server.client.keys('*')).toEqual(['test:since'])
    })

    it('goes on where the server has forgotten its scripts', async () => {
      const server = await start()
      const store = redisStoreOn({ url: server.url })
      await isUp(store)
      const key = randomBytes(32)
      expect(await claim(store, key)).toBe('claimed')
      await server.client.script('FLUSH')
      expect(await claim(store, key)).toBe('duplicate')
    })
  })
})
