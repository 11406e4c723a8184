/** Function pairs in a real Redis and Valkey. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { MOST_PAIRS, PAIR_LIFE_MS } from '../../gateway/pairs/pair-store.ts'
import type { RedisPairs } from '../../gateway/pairs/redis-pairs.ts'
import { describePairStore } from '../support/pair-contract.ts'
import { startStoreServer, storePrograms } from '../support/redis-server.ts'
import { redisStoresOn } from '../support/redis-store.ts'
import { isUp } from '../support/store-claims.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const lesson = (fnId: string, runId: string, key = 'id app') => ({ key, fnId, runId })

describe.each(storePrograms)('RedisPairs on %s', (program) => {
  async function start(where: object = {}) {
    const server = await startStoreServer(program)
    const connect = async (more: object = {}): Promise<RedisPairs> => {
      const { replay, pairs } = redisStoresOn({ url: server.url, ...where, ...more })
      await isUp(replay)
      return pairs
    }
    return { server, connect }
  }

  describePairStore(async () => (await start()).connect())

  it('are shared by gateways', async () => {
    const { connect } = await start()
    const [one, other] = [await connect(), await connect()]
    await one.learn(lesson('a', 'r1'))
    expect(await other.learn(lesson('a', 'r2'))).toEqual({ fnId: 'a', isKnown: true })
    expect(await one.find('id app')).toEqual({ fnId: 'a', isKnown: true })
  })

  it('are kept for eight days, and that long again after each call that agrees', async () => {
    const { server, connect } = await start()
    const pairs = await connect()
    await pairs.learn(lesson('a', 'r1'))
    await pairs.learn(lesson('a', 'r2'))
    const [key = ''] = (await server.client.keys('test:{pairs}:*')).filter(
      (name) => !name.endsWith(':new'),
    )
    const life = () => server.client.pttl(key)
    expect(await life()).toBeGreaterThan(PAIR_LIFE_MS - 60_000)
    await server.client.pexpire(key, 60_000)
    await pairs.learn(lesson('b', 'r3'))
    expect(await life()).toBeLessThanOrEqual(60_000)
    await pairs.learn(lesson('a', 'r3'))
    expect(await life()).toBeGreaterThan(PAIR_LIFE_MS - 60_000)
  })

  it('are no more than ten thousand new ones a day', async () => {
    const { server, connect } = await start()
    const pairs = await connect()
    await pairs.learn(lesson('a', 'r1'))
    expect(await server.client.get('test:{pairs}:new')).toBe('1')
    const life = await server.client.pttl('test:{pairs}:new')
    expect(life).toBeGreaterThan(DAY_MS - 60_000)
    await server.client.set('test:{pairs}:new', MOST_PAIRS, 'KEEPTTL')
    expect(await pairs.learn(lesson('a', 'r1', 'other app'))).toBeUndefined()
    expect(await pairs.find('other app')).toBeUndefined()
    expect(await pairs.learn(lesson('a', 'r2'))).toEqual({ fnId: 'a', isKnown: true })
    expect(await server.client.pttl('test:{pairs}:new')).toBeLessThanOrEqual(life)
  })

  it('say nothing of a key that no gateway wrote', async () => {
    const { server, connect } = await start()
    const pairs = await connect()
    await pairs.learn(lesson('a', 'r1'))
    for (const key of await server.client.keys('test:{pairs}:*')) {
      await server.client.set(key, 'junk')
    }
    await server.client.del('test:{pairs}:new')
    expect(await pairs.find('id app')).toBeUndefined()
    expect(await pairs.learn(lesson('a', 'r1'))).toEqual({ fnId: 'a', isKnown: false })
  })

  it('fail in time where the server does not answer', async () => {
    const { server, connect } = await start()
    const pairs = await connect({ timeoutMs: 50 })
    server.pause()
    await expect(pairs.find('id app')).rejects.toThrow('no response in time')
    await expect(pairs.learn(lesson('a', 'r1'))).rejects.toThrow('replay store')
    server.resume()
  })
})
