/**
 * The ops listener knows nobody, and shares a process with the traffic or with what holds the workers
 * together. Whoever reaches it asks for what is costly, or for nothing:
 *
 *   GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\n…        (1500 times, and never a read)
 *   connect, connect, connect …                                          (and never a byte)
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { createOpsServer, RENDERING_PAUSE_MS } from '../../gateway/ops/server.ts'
import { startTarget } from '../support/attack.ts'
import { serveBeside } from '../support/good-client.ts'
import { open, sendRaw } from '../support/raw.ts'
import { send } from '../support/sender.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** Without a gateway. @param metrics what a rendering gives. */
async function startOps(
  metrics: () => Promise<string>,
  times: { readonly headersTimeoutMs?: number; readonly answerTimeoutMs?: number } = {},
) {
  const registry = { metrics, contentType: 'text/plain; version=0.0.4; charset=utf-8' } as const
  const health = { notReadyBecause: () => undefined }
  const parts = { registry, health, page: undefined, recording: undefined, hosts: [] }
  const server = createOpsServer(parts, { headersTimeoutMs: 10_000, ...times })
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const connections = () =>
    new Promise<number>((resolve) => {
      server.getConnections((_, count) => {
        resolve(count)
      })
    })
  let asked = 0
  server.on('request', () => (asked += 1))
  return { port: (server.address() as AddressInfo).port, connections, asked: () => asked }
}

function ask(port: number, target: string, from?: string) {
  return send({ port, method: 'GET', target, ...(from !== undefined && { from }) })
}

function openMany(port: number, count: number, from?: (i: number) => string): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => open(port, from?.(i))))
}

const scrape = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'

describe('a flood of scrapes', () => {
  it('gets one response on one connection', async () => {
    let renderings = 0
    const { port } = await startOps(() => Promise.resolve(`rendering ${String((renderings += 1))}`))
    const text = await sendRaw(port, scrape.repeat(1000))
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(text).toMatch(/^HTTP\/1\.1 200 .*connection: close\r\n\r\nrendering 1$/is)
    expect(renderings).toBe(1)
  })

  it('shares one rendering on many connections while it is made', async () => {
    let renderings = 0
    const { promise: rendered, resolve: render } = Promise.withResolvers<string>()
    const { port, asked } = await startOps(() => {
      renderings += 1
      return rendered
    })
    const sockets = 40
    const answers = Array.from({ length: sockets }, () => ask(port, '/metrics'))
    await expect.poll(asked).toBe(sockets)
    render('rendering')
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual(Array(sockets).fill(200))
    expect(renderings).toBe(1)
  })

  it('waits between two renderings if the scrapes come one after the other', async () => {
    const startsMs: number[] = []
    const { port } = await startOps(() => {
      startsMs.push(performance.now())
      return Promise.resolve('rendering')
    })
    for (let i = 0; i < 3; i += 1) await ask(port, '/metrics')
    expect(startsMs).toHaveLength(3)
    const [first = 0, second = 0, third = 0] = startsMs
    // A timer counts from when its turn of the event loop began, so on a busy machine it may be early.
    const pauseMs = RENDERING_PAUSE_MS / 2
    expect(Math.min(second - first, third - second)).toBeGreaterThan(pauseMs)
  })

  it('holds up no call', async () => {
    const ops = { host: '127.0.0.1', port: 0, statusPage: { enabled: true } }
    const target = await startTarget({ ops })
    const besides = serveBeside(target)
    const targets = ['/metrics', '/status', '/status.json']
    const sockets = await openMany(target.gateway.opsPort, 3)
    for (const [i, socket] of sockets.entries()) {
      socket.pause()
      socket.write(scrape.replace('/metrics', targets[i] ?? '').repeat(1500))
    }
    const { status } = await ask(target.gateway.opsPort, '/healthz')
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { asked, served, slowestMs } = await besides.stop()
    console.log(`flood of scrapes: slowest honest call ${slowestMs.toFixed(0)} ms`)
    expect(status).toBe(200)
    expect(served).toBe(asked)
    expect(slowestMs).toBeLessThan(20_000)
    for (const socket of sockets) socket.destroy()
  })
})

describe('peers of the ops listener that say nothing', () => {
  it('are hung up on when the time for a head is over', async () => {
    const { port, connections } = await startOps(() => Promise.resolve(''), {
      headersTimeoutMs: 300,
    })
    const startedMs = performance.now()
    const silent = await open(port)
    await once(silent.resume(), 'close')
    // What it is if nobody says otherwise is ten seconds.
    expect(performance.now() - startedMs).toBeLessThan(9000)
    expect(await connections()).toBe(0)
  })

  it('keep no probe out, from their own address or another', async () => {
    const { port, connections } = await startOps(() => Promise.resolve(''))
    const sockets = await openMany(port, 200)
    for (const from of ['127.0.0.1', '127.0.0.5']) {
      expect((await ask(port, '/healthz', from)).status).toBe(200)
    }
    expect(await connections()).toBeLessThanOrEqual(50)
    for (const socket of sockets) socket.destroy()
  })

  it('lose none but their own connections to a flood from one address', async () => {
    const { port } = await startOps(() => Promise.resolve(''))
    const other = await open(port, '127.0.0.5')
    const sockets = await openMany(port, 200, () => '127.0.0.6')
    expect((await ask(port, '/healthz', '127.0.0.6')).status).toBe(200)
    other.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
    const [bytes] = (await once(other, 'data')) as [Buffer]
    expect(bytes.toString()).toContain('200 OK')
    for (const socket of sockets) socket.destroy()
  })

  it('keep no probe out from ever new addresses', async () => {
    const { port, connections } = await startOps(() => Promise.resolve(''))
    const sockets = await openMany(port, 300, (i) => `127.0.1.${String(1 + (i % 100))}`)
    expect((await ask(port, '/healthz')).status).toBe(200)
    await expect.poll(connections).toBeLessThanOrEqual(200)
    for (const socket of sockets) socket.destroy()
  })
})

describe('peers of the ops listener that do not read', () => {
  it('are hung up on when the time for an answer is over', async () => {
    let renderings = 0
    const renderMuch = () => {
      renderings += 1
      return Promise.resolve('x'.repeat(32 * 1_048_576))
    }
    const { port, connections } = await startOps(renderMuch, { answerTimeoutMs: 500 })
    const sockets = await openMany(port, 5)
    for (const socket of sockets) socket.pause().write(scrape)
    await expect.poll(() => renderings).toBeGreaterThan(0)
    expect((await ask(port, '/healthz')).status).toBe(200)
    // By default it is over after ten seconds.
    await expect.poll(connections, { timeout: 9000 }).toBe(0)
    for (const socket of sockets) socket.destroy()
  })
})
