/** The shared replay store behind Sentinels, of real servers, through a failover. */
// @module-tag redis
import { randomBytes } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { startNetwork } from '../support/network.ts'
import { startStoreServer, storePrograms, type RedisServer } from '../support/redis-server.ts'
import { redisStoreOn } from '../support/redis-store.ts'
import { sentinelName, startSentinel } from '../support/sentinel.ts'
import { claim, isSettled, isUp, nowSeconds } from '../support/store-claims.ts'

describe.each(storePrograms)('%s behind Sentinels', (program) => {
  const start = (...options: string[]) => startStoreServer(program, ...options)

  /** A primary whose replica has heard all of it so far. */
  async function startPair() {
    const primary = await start()
    return { primary, replica: await startReplica(primary) }
  }

  async function startReplica({ port }: { port: number }): Promise<RedisServer> {
    const replica = await start('--replicaof', '127.0.0.1', String(port))
    await expect
      .poll(() => replica.client.info('replication'), { timeout: 10_000 })
      .toContain('master_link_status:up')
    return replica
  }

  it('follows the primary through a failover, and lets nothing in that it may have lost', async () => {
    const { primary } = await startPair()
    const sentinel = await startSentinel(program, primary.port)
    const store = redisStoreOn({ sentinels: [sentinel.address], sentinelName }, true)
    await isSettled(store)
    const key = randomBytes(32)
    const t = nowSeconds()
    expect(await claim(store, key, t)).toBe('claimed')
    expect(await claim(store, key, t)).toBe('duplicate')

    await sentinel.giveUpSoon()
    await primary.kill()
    await expect
      .poll(() => claim(store, randomBytes(32), nowSeconds() + 30), { timeout: 25_000 })
      .toBe('claimed')
    // The replica may or may not have heard of the claim; it is not asked.
    expect(await claim(store, key, t)).toBe('before_start')
  }, 120_000)

  it('leaves a primary that takes connections and answers nothing any more', async () => {
    const { primary } = await startPair()
    const sentinel = await startSentinel(program, primary.port)
    const store = redisStoreOn(
      { sentinels: [sentinel.address], sentinelName, timeoutMs: 250 },
      true,
    )
    await isSettled(store)
    const [key, t] = [randomBytes(32), nowSeconds()]
    // One that it answered too late is claimed all the same.
    await expect.poll(() => claim(store, key, t)).toMatch(/^(?:claimed|duplicate)$/)
    await sentinel.giveUpSoon()
    primary.pause()
    await expect
      .poll(() => claim(store, randomBytes(32), nowSeconds() + 60), { timeout: 25_000 })
      .toBe('claimed')
    expect(await claim(store, key, t)).toMatch(/^(?:duplicate|before_start)$/)
  }, 120_000)

  it('leaves a primary that they have given up, though it still answers', async () => {
    const primary = await startNetwork((await start()).port)
    const replica = await startReplica(primary)
    const sentinel = await startSentinel(program, primary.port)
    await expect.poll(() => sentinel.replicas(), { timeout: 20_000 }).toBe(1)
    primary.keepFromNow()
    const where = { sentinels: [sentinel.address], sentinelName }
    const store = redisStoreOn(where)
    await isUp(store)
    await sentinel.giveUpSoon()
    primary.cutOff()
    const role = () => replica.client.info('replication')
    await expect.poll(role, { timeout: 20_000 }).toContain('role:master')
    const other = redisStoreOn(where)
    await isUp(other)
    const claimAtBoth = async () => {
      const key = randomBytes(32)
      return [await claim(store, key), await claim(other, key)]
    }
    await expect.poll(claimAtBoth, { timeout: 20_000 }).toEqual(['claimed', 'duplicate'])
  }, 120_000)

  it('asks the next where one answers nothing', async () => {
    const primary = await start()
    const silent = await startSentinel(program, primary.port)
    const other = await startSentinel(program, primary.port)
    silent.pause()
    const sentinels = [silent.address, other.address]
    await isUp(redisStoreOn({ sentinels, sentinelName }))
  }, 120_000)
})
