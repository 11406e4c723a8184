/** The shared replay store in a cluster, of real servers, through a failover. */
// @module-tag redis
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { Cluster } from 'ioredis'
import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'

import type { RedisReplayStore } from '../../gateway/replay/redis/store.ts'
import { startStoreServer, storePrograms, type RedisServer } from '../support/redis-server.ts'
import { redisStoreOn, redisStoresOn } from '../support/redis-store.ts'
import { claim, claimOf, isSettled, isUp, nowSeconds } from '../support/store-claims.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(storePrograms)('%s in a cluster', (program) => {
  const start = (...options: string[]) => startStoreServer(program, ...options)

  /** Three primaries, and so many replicas for each. */
  async function startCluster(replicas = 0): Promise<RedisServer[]> {
    // A node that is busy for a while has not failed.
    const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '30000']
    const count = 3 * (1 + replicas)
    const servers = await Promise.all(Array.from({ length: count }, () => start(...options)))
    const nodes = servers.map(({ port }) => `127.0.0.1:${String(port)}`)
    const { status, stdout } = spawnSync(
      'redis-cli',
      ['--cluster', 'create', ...nodes, '--cluster-yes', '--cluster-replicas', String(replicas)],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stdout)
    // That they know of each other, which is what redis-cli waits for, is not yet that they serve.
    const states = () => Promise.all(servers.map(({ client }) => client.cluster('INFO')))
    await expect
      .poll(async () => (await states()).every((state) => state.includes('cluster_state:ok')), {
        timeout: 60_000,
      })
      .toBe(true)
    return servers
  }

  /** So that a test does not wait long for them to find that a node has failed. */
  async function giveUpSoon(servers: readonly RedisServer[]): Promise<void> {
    const timeout = ['SET', 'cluster-node-timeout', '1000']
    await Promise.all(servers.map(({ client }) => client.call('CONFIG', timeout)))
  }

  /** At no time, and in the end because they may have been lost. */
  async function expectNoneAgain(
    store: RedisReplayStore,
    keys: readonly Uint8Array[],
    timestampSeconds: number,
  ): Promise<void> {
    const seen = new Set<string>()
    const again = async () => {
      const claims = keys.map((key) => claim(store, key, timestampSeconds))
      const outcomes = new Set(await Promise.all(claims))
      for (const outcome of outcomes) seen.add(outcome)
      return [...outcomes]
    }
    await expect.poll(again, { timeout: 40_000 }).toEqual(['before_start'])
    expect([...seen]).not.toContain('claimed')
  }

  it('spreads its claims over the nodes, and keeps each with its redirects on one', async () => {
    const servers = await startCluster()
    const store = redisStoreOn({ url: servers[0]?.url, cluster: true })
    await isUp(store)
    const keys = Array.from({ length: 60 }, () => randomBytes(32))
    for (const key of keys) expect(await claim(store, key)).toBe('claimed')
    for (const key of keys) expect(await claim(store, key)).toBe('duplicate')
    const claims = await Promise.all(servers.map(({ client }) => client.keys('*}:*')))
    const sizes = claims.map((names) => names.filter((name) => !name.endsWith(':since')).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(60)
    expect(Math.min(...sizes)).toBeGreaterThan(0)

    const [key = randomBytes(32)] = keys
    const armed = claimOf(key)
    expect(await store.rearm(armed, 'there', Date.now())).toBe(true)
    expect(await store.claim(armed, () => 'there', Date.now())).toBe('followed')
    expect(await store.claim(armed, () => 'there', Date.now())).toBe('duplicate')

    const share = (mac: Uint8Array) => ({
      ...claimOf(randomBytes(32)),
      shared: { mac, kind: 'reentry' as const },
    })
    for (const mac of keys) {
      expect(await store.claim(share(mac), () => 'here', Date.now())).toBe('other_kind')
    }
    for (let i = 0; i < 20; i += 1) {
      const mac = randomBytes(32)
      const released = share(mac)
      expect(await store.claim(released, () => 'here', Date.now())).toBe('claimed')
      expect(await store.claim(share(mac), () => 'here', Date.now())).toBe('claimed')
      expect(await store.release(released, undefined)).toBe(true)
      expect(await claim(store, mac)).toBe('other_kind')
    }
  }, 120_000)

  it('needs no more rights than these, under an ACL user', async () => {
    const servers = await startCluster()
    const ofClaims = ['+evalsha', '+eval', '+get', '+set', '+del', '+exists', '+incr']
    ofClaims.push('+pexpire', '+pttl', '+script|load', '+info', '+ping')
    const ofCluster = ['+select', '+cluster|slots', '+asking', '+readonly', '+readwrite']
    for (const { client } of servers) {
      const user = ['gateway', 'on', '>secret', '~test:*', '-@all'] as const
      await client.acl('SETUSER', ...user, ...ofClaims, ...ofCluster)
    }
    const user = { username: 'gateway', password: 'secret' }
    const where = { url: servers[0]?.url, cluster: true, ...user }
    const { replay: store, pairs } = redisStoresOn(where)
    await isUp(store)
    const lesson = { key: 'id app', fnId: 'a', runId: 'r1' }
    expect(await pairs.learn(lesson)).toEqual({ fnId: 'a', isKnown: false })
    expect(await pairs.find('id app')).toEqual({ fnId: 'a', isKnown: false })
    for (let i = 0; i < 20; i += 1) {
      expect(await claim(store, randomBytes(32))).toBe('claimed')
    }
  }, 120_000)

  it('lets nothing in again that a node was emptied of, at once', async () => {
    const servers = await startCluster()
    const store = redisStoreOn({ url: servers[0]?.url, cluster: true }, true)
    await isSettled(store)
    const t = nowSeconds()
    const keys = Array.from({ length: 30 }, () => randomBytes(32))
    for (const key of keys) expect(await claim(store, key, t)).toBe('claimed')
    await servers[1]?.client.flushall()
    const again = await Promise.all(keys.map((key) => claim(store, key, t)))
    expect(new Set(again)).toEqual(new Set(['duplicate', 'before_start']))
  }, 120_000)

  it('is not used if its nodes announce no address, and the log says why', async () => {
    const server = await start('--cluster-enabled', 'yes')
    await server.client.call('CLUSTER', ['ADDSLOTSRANGE', '0', '16383'])
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => lines.push(line) })
    const store = redisStoreOn({ url: server.url, cluster: true }, false, logger)
    await expect.poll(() => lines.join(''), { timeout: 20_000 }).toContain('cluster-announce-ip')
    expect(store.unavailableBecause).toContain('announces no node to connect to')
  }, 120_000)

  it('is connected to at the first try, though its nodes are not all connected to at once', async () => {
    const [first] = await startCluster()
    const emit = vi.spyOn(Cluster.prototype, 'emit')
    for (let i = 0; i < 8; i += 1) await isUp(redisStoreOn({ url: first?.url, cluster: true }))
    const events = emit.mock.calls.map(([event]) => event)
    expect(events).toContain('ready')
    expect(events).not.toContain('reconnecting')
  }, 120_000)

  it('lets nothing in again that a node may have lost', async () => {
    const servers = await startCluster()
    const store = redisStoreOn({ url: servers[0]?.url, cluster: true }, true)
    await isSettled(store)
    const t = nowSeconds()
    const keys = Array.from({ length: 30 }, () => randomBytes(32))
    for (const key of keys) expect(await claim(store, key, t)).toBe('claimed')
    const [, second] = servers
    if (second === undefined) throw new Error('there is no second node')
    await giveUpSoon(servers)
    await second.kill()
    // A cluster that has lost part of its keys takes no claim for any of them.
    await expect
      .poll(() => claim(store, randomBytes(32), nowSeconds() + 60), { timeout: 30_000 })
      .not.toBe('claimed')
    await second.start()
    await giveUpSoon([second])
    await expectNoneAgain(store, keys, t)
    await expect
      .poll(() => claim(store, randomBytes(32), nowSeconds() + 60), { timeout: 30_000 })
      .toBe('claimed')
  }, 120_000)

  /** One that was answered too late is claimed all the same. */
  async function expectClaimed(store: RedisReplayStore, key: Uint8Array, t: number): Promise<void> {
    await expect.poll(() => claim(store, key, t)).toMatch(/^(?:claimed|duplicate)$/)
  }

  /** Each primary with a replica that has heard all of it so far. */
  async function startClusterOfPairs(): Promise<RedisServer[]> {
    const servers = await startCluster(1)
    const infos = () => Promise.all(servers.map(({ client }) => client.info('replication')))
    await expect
      .poll(async () => (await infos()).filter((info) => info.includes('link_status:up')), {
        timeout: 20_000,
      })
      .toHaveLength(3)
    return servers
  }

  async function isPrimary({ client }: RedisServer): Promise<boolean> {
    return (await client.info('replication')).includes('role:master')
  }

  async function somePrimary(servers: readonly RedisServer[]): Promise<RedisServer> {
    for (const server of servers) {
      if (!(await isPrimary(server))) continue
      return server
    }
    throw new Error('there is no such primary')
  }

  /** As if it had heard of nothing that was claimed. */
  async function emptyWhenItTakesOver(server: RedisServer): Promise<void> {
    while (!(await isPrimary(server))) await sleep(5)
    await server.client.flushall()
  }

  it('lets nothing in that a replica which takes over may not have heard of', async () => {
    const servers = await startClusterOfPairs()
    const store = redisStoreOn({ url: servers[0]?.url, cluster: true }, true)
    await isSettled(store)
    const t = nowSeconds()
    const keys = Array.from({ length: 30 }, () => randomBytes(32))
    for (const key of keys) await expectClaimed(store, key, t)
    const primary = await somePrimary(servers)
    const others = servers.filter((server) => server !== primary)
    const areReplicas = await Promise.all(others.map(async (other) => !(await isPrimary(other))))
    await giveUpSoon(servers)
    await primary.kill()
    const replicas = others.filter((_, i) => areReplicas[i])
    const emptied = Promise.race(replicas.map(emptyWhenItTakesOver))
    await expectNoneAgain(store, keys, t)
    await expect
      .poll(() => claim(store, randomBytes(32), nowSeconds() + 60), { timeout: 20_000 })
      .toBe('claimed')
    await emptied
  }, 120_000)

  it('leaves a node that takes connections and answers nothing any more', async () => {
    const servers = await startClusterOfPairs()
    const where = { url: servers[0]?.url, cluster: true, timeoutMs: 250 }
    const store = redisStoreOn(where, true)
    await isSettled(store)
    const t = nowSeconds()
    const keys = Array.from({ length: 30 }, () => randomBytes(32))
    for (const key of keys) await expectClaimed(store, key, t)
    const primary = await somePrimary(servers)
    await giveUpSoon(servers)
    primary.pause()
    const claimNew = async () => {
      const claims = keys.map(() => claim(store, randomBytes(32), nowSeconds() + 60))
      return [...new Set(await Promise.all(claims))]
    }
    await expect.poll(claimNew, { timeout: 30_000 }).toEqual(['claimed'])
    const again = await Promise.all(keys.map((key) => claim(store, key, t)))
    expect(again).not.toContain('claimed')
  }, 120_000)
})
