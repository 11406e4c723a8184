/** Moments of Sentinels and clusters at which the client would end, or the process, or too much be asked. */
import { setTimeout as sleep } from 'node:timers/promises'

import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'

import {
  createRedisClient,
  type RedisClient,
  type RedisConfig,
} from '../../../../gateway/replay/redis/client.ts'
import { RedisKeys } from '../../../../gateway/replay/redis/keys.ts'
import { RedisHealth } from '../../../../gateway/replay/redis/health.ts'
import { RedisReplayStore } from '../../../../gateway/replay/redis/store.ts'
import {
  infoOf,
  list,
  NOTHING,
  push,
  startScriptedRedis,
  text,
  type Answer,
} from '../../../support/scripted-redis.ts'
import { claim, isUp } from '../../../support/store-claims.ts'

const clients: RedisClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

function connect(config: RedisConfig): RedisClient {
  const client = createRedisClient(config)
  client.on('error', () => undefined)
  clients.push(client)
  return client
}

const isReady = (client: RedisClient) => expect.poll(() => client.status).toBe('ready')

describe('behind Sentinels', () => {
  const switched = push('message', '+switch-master', 'primary 127.0.0.1 1 127.0.0.1 2')

  /** @param told what becomes of its commands before it answers as a Sentinel does. */
  function startSentinel(primaryPort: () => number, told: Answer): Promise<number> {
    return startScriptedRedis((command, connection) => {
      const said = told(command, connection)
      if (said !== undefined) return said === NOTHING ? undefined : said
      const [name, what] = command
      if (name === 'subscribe') return '>3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n'
      if (name === 'sentinel' && what === 'sentinels') return '*0\r\n'
      return list('127.0.0.1', String(primaryPort()))
    })
  }

  it('survives a failover that is announced while it connects', async () => {
    let endPrimary = () => {}
    const primary = await startScriptedRedis(([name], connection) => {
      endPrimary = () => connection.destroy()
      return name === 'info' ? infoOf('a') : undefined
    })
    const listeners: { write(text: string): unknown }[] = []
    let questions = 0
    const sentinel = await startSentinel(
      () => primary,
      ([name, what], connection) => {
        if (name === 'subscribe') listeners.push(connection)
        if (what !== 'get-master-addr-by-name' || (questions += 1) !== 2) return undefined
        for (const listener of listeners) listener.write(switched)
        setTimeout(() => connection.write(list('127.0.0.1', String(primary))), 50)
        return NOTHING
      },
    )
    const sentinels = [`127.0.0.1:${String(sentinel)}`]
    const client = connect({ cluster: false, sentinels, sentinelName: 'primary' })
    await isReady(client)
    await expect.poll(() => listeners.length).toBeGreaterThan(0)
    endPrimary()
    await expect.poll(() => questions).toBeGreaterThan(1)
    await sleep(200)
    await isReady(client)
  })

  it('notices a failover that was announced before it is listened to', async () => {
    const connected: string[] = []
    const start = (name: string) =>
      startScriptedRedis(([command]) => {
        if (command !== 'info') return undefined
        connected.push(name)
        return infoOf(name)
      })
    const [before, after] = [await start('before'), await start('after')]
    let primary = before
    const sentinel = await startSentinel(
      () => primary,
      ([name]) => {
        if (name === 'subscribe') primary = after
        return undefined
      },
    )
    const sentinels = [`127.0.0.1:${String(sentinel)}`]
    const client = connect({ cluster: false, sentinels, sentinelName: 'primary' })
    await expect.poll(() => connected).toEqual(['before', 'after'])
    await isReady(client)
  })

  it('ignores a Sentinel that had named another before and is not the one that was believed', async () => {
    const connected: string[] = []
    let endFirst = () => {}
    const start = (name: string) =>
      startScriptedRedis(([command], connection) => {
        if (command !== 'info') return undefined
        connected.push(name)
        if (name === 'before') endFirst = () => connection.destroy()
        return infoOf(name)
      })
    const [before, after] = [await start('before'), await start('after')]
    let primary = before
    let questions = 0
    const away = await startSentinel(
      () => primary,
      ([, what], connection) => {
        if (what !== 'get-master-addr-by-name' || (questions += 1) !== 3) return undefined
        connection.destroy()
        return NOTHING
      },
    )
    const other = await startSentinel(
      () => primary,
      () => undefined,
    )
    const sentinels = [away, other].map((port) => `127.0.0.1:${String(port)}`)
    const client = connect({ cluster: false, sentinels, sentinelName: 'primary' })
    // Asked once more when it is listened to.
    await expect.poll(() => questions).toBe(2)
    await isReady(client)
    primary = after
    endFirst()
    await expect.poll(() => connected).toEqual(['before', 'after'])
    await sleep(500)
    expect(connected).toEqual(['before', 'after'])
    expect(questions).toBe(3)
  })

  it('survives a failover that is announced while another Sentinel is subscribed to again', async () => {
    const primary = await startScriptedRedis(([name]) =>
      name === 'info' ? infoOf('a') : undefined,
    )
    const subscribed = [0, 0]
    const last: { write(text: string): unknown; destroy(): unknown }[] = []
    const start = (which: 0 | 1) =>
      startSentinel(
        () => primary,
        ([name], connection) => {
          if (name !== 'subscribe') return undefined
          subscribed[which] = (subscribed[which] ?? 0) + 1
          last[which] = connection
          return which === 0 && subscribed[0] !== undefined && subscribed[0] > 2
            ? NOTHING
            : undefined
        },
      )
    const ports = [await start(0), await start(1)]
    const sentinels = ports.map((port) => `127.0.0.1:${String(port)}`)
    const client = connect({ cluster: false, sentinels, sentinelName: 'primary' })
    await isReady(client)
    await expect.poll(() => subscribed.every((times) => times > 0)).toBe(true)
    await sleep(50)
    last[0]?.destroy()
    await expect.poll(() => subscribed[0]).toBeGreaterThan(2)
    last[1]?.write(switched)
    await sleep(200)
    await isReady(client)
  })
})

describe('in a cluster', () => {
  /** Of two nodes with half of the slots each. */
  async function startNodes(answers: readonly [Answer, Answer]): Promise<[number, number]> {
    const ports: [number, number] = [0, 0]
    const slots = () => {
      const node = (port: number) => `*2\r\n${text('127.0.0.1')}:${String(port)}\r\n`
      const [one, other] = ports.map(node)
      return `*2\r\n*3\r\n:0\r\n:8000\r\n${one ?? ''}*3\r\n:8001\r\n:16383\r\n${other ?? ''}`
    }
    for (const [i, answer] of answers.entries()) {
      ports[i] = await startScriptedRedis((command, connection) => {
        const [name] = command
        if (name === 'cluster') return slots()
        if (name === 'info') return infoOf(String(i))
        return answer(command, connection)
      })
    }
    return ports
  }

  /** What is asked once, to find out whether it may be (permissions.ts). */
  const trial = (name: string | undefined) => (name === undefined ? undefined : ':0\r\n')

  function storeOn(port: number): RedisReplayStore {
    const client = connect({ url: `redis://127.0.0.1:${String(port)}`, cluster: true })
    const keys = new RedisKeys('test:', true)
    const clock = { nowMs: () => Date.now() }
    const link = new RedisHealth({ client, keys, clock, logger: pino({ level: 'silent' }) })
    return new RedisReplayStore({
      client,
      link,
      keys,
      timeoutMs: 2000,
      refusesBeforeStart: false,
    })
  }

  it('claims a claim that was lost with its connection no second time', async () => {
    let sets = 0
    const answer: Answer = ([name, sha], connection) => {
      if (name === 'get') return text('1000')
      if (name !== 'evalsha' || /^0+$/.test(sha ?? '')) return trial(name)
      sets += 1
      connection.destroy()
      return undefined
    }
    const [port] = await startNodes([answer, answer])
    const store = storeOn(port)
    await isUp(store)
    expect(await claim(store, new Uint8Array(32))).toContain('Connection is closed')
    await sleep(300)
    expect(sets).toBe(1)
    await store.close()
  })

  it('takes a refused ASKING for no error of the process', async () => {
    const refused = "-NOPERM User u has no permissions to run the 'asking' command\r\n"
    const ports: [number, number] = [0, 0]
    const answerWith =
      (set: () => string): Answer =>
      ([name]) => {
        if (name === 'get') return text('1000')
        if (name === 'asking') return refused
        return name === 'evalsha' ? set() : trial(name)
      }
    const started = await startNodes([
      answerWith(() => `-ASK 1 127.0.0.1:${String(ports[1])}\r\n`),
      answerWith(() => text('claimed')),
    ])
    ;[ports[0], ports[1]] = started
    const store = storeOn(ports[0])
    await isUp(store)
    // Of many keys some are at the first node.
    const keys = Array.from({ length: 20 }, (_, i) => new Uint8Array(32).fill(i))
    await Promise.all(keys.map((key) => claim(store, key)))
    await sleep(50)
    expect(store.unavailableBecause).toBe(undefined)
    await store.close()
  })
})
