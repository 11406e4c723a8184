/** Since when a real Redis and Valkey keep claims, as the mark beside them says. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { RedisKeys } from '../../gateway/replay/redis/keys.ts'
import { FirstUseMarker } from '../../gateway/replay/redis/first-use-marker.ts'
import { HistoryHorizon } from '../../gateway/replay/redis/history-horizon.ts'
import { startStoreServer, storePrograms, type RedisServer } from '../support/redis-server.ts'

const nowSeconds = 1_700_000_000

/** As another gateway, or this one after a restart. */
function markOn({ client }: RedisServer, keyPrefix = 'test:') {
  const memory = new HistoryHorizon()
  const mark = new FirstUseMarker(client, new RedisKeys(keyPrefix, false), memory)
  const look = async (seconds: number) => {
    await mark.look(seconds * 1000)
    return mark.trouble ?? memory.remembersFromSeconds
  }
  return { mark, look }
}

describe.each(storePrograms)('on %s', (program) => {
  it('refuses signatures made before its first gateway, by each later gateway too', async () => {
    const server = await startStoreServer(program)
    expect(await markOn(server).look(nowSeconds)).toBe(nowSeconds + 2)
    expect(await markOn(server).look(nowSeconds + 1000)).toBe(nowSeconds + 2)
    expect(await server.client.pttl('test:since')).toBe(-1)
  })

  it('decides by the first of two gateways that start together', async () => {
    const server = await startStoreServer(program)
    const looks = [markOn(server).look(nowSeconds), markOn(server).look(nowSeconds + 5)]
    const [one, other] = await Promise.all(looks)
    expect(one).toBe(other)
  })

  it('starts again with another prefix or database', async () => {
    const server = await startStoreServer(program)
    await markOn(server).look(nowSeconds)
    expect(await markOn(server, 'other:').look(nowSeconds + 60)).toBe(nowSeconds + 62)
    await server.client.select(1)
    expect(await markOn(server).look(nowSeconds + 90)).toBe(nowSeconds + 92)
  })

  it('starts again with a server that was emptied', async () => {
    const server = await startStoreServer(program)
    const { look } = markOn(server)
    await look(nowSeconds)
    await server.client.flushall()
    expect(await look(nowSeconds + 60)).toBe(nowSeconds + 62)
  })

  it('uses a server that is full all the same', async () => {
    const server = await startStoreServer(program)
    await markOn(server).look(nowSeconds)
    await server.client.config('SET', 'maxmemory', '1')
    expect(await markOn(server).look(nowSeconds + 60)).toBe(nowSeconds + 2)
    expect(await markOn(server, 'other:').look(nowSeconds)).toContain('OOM')
  })

  it('takes nothing for a mark that no gateway has written', async () => {
    const server = await startStoreServer(program)
    await server.client.set('test:since', 'yesterday')
    expect(await markOn(server).look(nowSeconds)).toBe(
      'test:since: not a value that a gateway writes: delete this key',
    )
  })

  it('refuses nothing silently because of a mark by a wrong clock', async () => {
    const server = await startStoreServer(program)
    await markOn(server).look(nowSeconds + 86_400)
    const { look } = markOn(server)
    expect(await look(nowSeconds)).toBe('test:since: timestamp is in the future: delete this key')
    await server.client.del('test:since')
    expect(await look(nowSeconds)).toBe(nowSeconds + 2)
  })

  it('knows nothing of a server that may be another, until it was checked', async () => {
    const server = await startStoreServer(program)
    const { mark, look } = markOn(server)
    const before = look(nowSeconds)
    mark.forget()
    expect(await before).toBe('not ready: start time of claim storage not read yet')
    expect(await look(nowSeconds)).toBe(nowSeconds + 2)
  })
})
