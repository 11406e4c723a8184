/** How the published ranges are asked for: through proxies, one round after the other, again and again. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { startConnectProxy, startListServer, startSilentServer } from '../support/list-server.ts'
import { startLists, type Lists } from '../support/test-keeper.ts'

const [a, b] = ['18.0.0.1', '18.0.0.2'] as const

let lists: Lists
beforeEach(async () => {
  lists = await startLists()
})
afterEach(() => lists.stop())

describe('a proxy', () => {
  const proxied = async (status?: number) => {
    const proxy = await startConnectProxy(status)
    lists.stopLater(proxy.stop)
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    return proxy
  }

  it('is gone through if HTTPS_PROXY says so', async () => {
    const { tunnels } = await proxied()
    lists.server.answer('/', a)
    const kept = lists.keeperOf(['/'])
    expect(await kept.refresh()).toBe('success')
    expect(tunnels).toEqual([lists.server.origin.replace('https://', '')])
    expect(kept.texts()).toEqual([a])
    await expect.poll(() => lists.server.openSockets()).toBe(0)
  })

  it('is gone around if NO_PROXY says so', async () => {
    const { tunnels } = await proxied()
    vi.stubEnv('NO_PROXY', 'example.com,127.0.0.1')
    lists.server.answer('/', a)
    expect(await lists.keeperOf(['/']).refresh()).toBe('success')
    expect(tunnels).toEqual([])
  })

  it('does not vouch for the server behind it', async () => {
    await proxied()
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    lists.server.answer('/', a)
    expect(await lists.keeperOf(['/'], {}, { ca: undefined }).refresh()).toBe('unreachable')
    expect(lists.server.asked).toEqual([])
  })

  it('is not bypassed if it refuses', async () => {
    await proxied(403)
    lists.server.answer('/', a)
    expect(await lists.keeperOf(['/']).refresh()).toBe('unreachable')
    expect(lists.server.asked).toEqual([])
  })

  it('gets the name and password of its URL, which the server does not get', async () => {
    const { url, heads } = await proxied()
    vi.stubEnv('HTTPS_PROXY', url.replace('//', '//user:hunter%202@'))
    const credentials: unknown[] = []
    lists.server.answer('/', (response, request) => {
      credentials.push(request.headers['proxy-authorization'])
      response.end(a)
    })
    expect(await lists.keeperOf(['/']).refresh()).toBe('success')
    const pair = Buffer.from('user:hunter 2').toString('base64')
    expect(heads[0]).toContain(`\r\nproxy-authorization: Basic ${pair}\r\n`)
    expect(credentials).toEqual([undefined])
  })

  it('is verified if its URL is https, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const proxy = await startListServer()
    lists.stopLater(proxy.stop)
    vi.stubEnv('HTTPS_PROXY', proxy.origin)
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const kept = lists.keeperOf(['/'])
    expect(await kept.refresh()).toBe('unreachable')
    expect(JSON.stringify(kept.logLines)).toMatch(/self-signed|unable to verify/)
  })

  it('does not outlast stop if it opens no tunnel', async () => {
    const silent = await startSilentServer()
    lists.stopLater(silent.stop)
    vi.stubEnv('HTTPS_PROXY', `http://${silent.authority}`)
    const kept = lists.keeperOf(['/'])
    const round = kept.refresh()
    await expect.poll(() => silent.openSockets()).toBe(1)
    await kept.keeper.stop()
    await round
    await expect.poll(() => silent.openSockets()).toBe(0)
  })

  it.each(['the proxy', 'the server'])(
    'causes a timeout if it, or else the server, is silent: %s',
    async (who) => {
      const silent = await startSilentServer()
      lists.stopLater(silent.stop)
      if (who === 'the proxy') vi.stubEnv('HTTPS_PROXY', `http://${silent.authority}`)
      const urls = [`https://${silent.authority}/`]
      const kept = lists.keeperOf([], {}, { urls, timeoutMs: 100 })
      expect(await kept.refresh()).toBe('timeout')
      await expect.poll(() => silent.openSockets()).toBe(0)
    },
  )

  it('is reported without its password if it is no URL', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://user:hunter2@:bad:port')
    lists.server.answer('/', a)
    const kept = lists.keeperOf(['/'])
    expect(await kept.refresh()).toBe('unreachable')
    expect(lists.server.asked).toEqual([])
    expect(JSON.stringify(kept.logLines)).not.toContain('hunter2')
  })
})

describe('rounds', () => {
  /** The first answer, which waits for the test. */
  function heldAnswer(): Promise<ServerResponse> {
    const { promise, resolve } = Promise.withResolvers<ServerResponse>()
    lists.server.answer('/', resolve)
    return promise
  }

  it('come one after the other, however often they are asked for', async () => {
    const held = heldAnswer()
    const kept = lists.keeperOf(['/'])
    const rounds = [kept.refresh(), kept.refresh()]
    const answer = await held
    // Whoever would ask at the same time has asked by the end of somebody else's round.
    await lists.keeperOf(['/other']).refresh()
    expect(lists.server.asked).toEqual(['/', '/other'])
    lists.server.answer('/', b)
    answer.end(`${a}\n${b}`)
    await Promise.all(rounds)
    expect(kept.changes.map(({ ranges }) => ranges.map(({ text }) => text))).toEqual([[a, b], [b]])
    expect(lists.server.asked).toEqual(['/', '/other', '/'])
  })

  it('are not piled up: whoever asks meanwhile shares the next one', async () => {
    const held = heldAnswer()
    const kept = lists.keeperOf(['/'])
    const first = kept.refresh()
    const answer = await held
    lists.server.answer('/', a)
    const others = Array.from({ length: 50 }, () => kept.refresh())
    answer.end(a)
    await Promise.all([first, ...others])
    expect(lists.server.asked).toEqual(['/', '/'])
  })

  it('are broken off by stop, and say nothing then', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    lists.stopLater(() => {
      timers.mockRestore()
    })
    const held = heldAnswer()
    const kept = lists.keeperOf(['/'], { random: () => 0.5 })
    kept.keeper.start()
    const closed = once(await held, 'close')
    await kept.keeper.stop()
    await closed
    await kept.refresh()
    expect(kept.looks()).toEqual([])
    expect(kept.logLines).toEqual([])
    expect(timers.mock.calls.map(([, ms]) => ms)).not.toContain(60_000)
  })

  it('begin with the start, and come again by themselves: soon after a failure', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    lists.stopLater(() => {
      timers.mockRestore()
    })
    const kept = lists.keeperOf(['/'], { random: () => 0.5 })
    /** The last timer of the keeper, found by its delay, let go off at once. */
    const letGoOff = async (delaySeconds: number, round: () => Promise<unknown>) => {
      const isIt = ([, ms]: unknown[]) => ms === delaySeconds * 1000
      await expect.poll(() => timers.mock.calls.findLastIndex(isIt)).not.toBe(-1)
      const i = timers.mock.calls.findLastIndex(isIt)
      const timer = timers.mock.results[i]?.value as NodeJS.Timeout
      expect(timer.hasRef()).toBe(false)
      clearTimeout(timer)
      ;(timers.mock.calls[i]?.[0] as () => void)()
      await round()
    }
    const looked = () => expect.poll(kept.looks).toHaveLength(1)
    kept.keeper.start()
    await kept.keeper.firstRoundDone
    expect(kept.looks()).toEqual([' status'])
    await letGoOff(60, looked)
    await letGoOff(120, looked)
    lists.server.answer('/', a)
    await letGoOff(240, looked)
    expect(kept.texts()).toEqual([a])
    await letGoOff(14_400, looked)
  })
})
