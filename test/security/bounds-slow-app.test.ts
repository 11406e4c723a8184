/**
 * A slow or half-open app (threats D14, D15, D18): an app that reads nothing, never responds or closes half of
 * its connection holds requests, bodies and connections of the gateway; one that sends fast fills it for a
 * client that reads slowly:
 *
 *   accept, and never read        200 OK … xxxx (faster than the client reads)        FIN, and stay
 */
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import {
  connectRaw,
  expectNothingLeft,
  expectReasons,
  FAR,
  forEachKind,
  kinds,
  MIB,
  outcome,
  outcomesOf,
  startRawApp,
  startResponder,
  startScene,
  type Kind,
} from '../support/bounds.ts'
import { MOST_POURED, pour, untilStopped, type Poured } from '../support/flooding.ts'
import { patient } from '../support/gateway-process.ts'
import { statusOf } from '../support/raw.ts'

/** Of each kind of request. */
const COUNT = 6

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const faults = (count: number, reason: unknown) => Array<unknown>(kinds.length * count).fill(reason)

/** Reads at most 64 KiB every 30 ms: meanwhile a gateway that does not wait reads some hundred MiB. */
function readSlowly(socket: Socket): void {
  socket.on('data', () => {
    socket.pause()
    setTimeout(() => socket.resume(), 30)
  })
}

describe('an app that sends faster than its client reads', () => {
  const PER_CLIENT = 4
  const MOST = 256 * MIB
  /** Two connections with a buffer at each end; the rest would be in the gateway. */
  const MOST_UNREAD = 96 * MIB

  it('waits for the client', async () => {
    const poured: Poured[] = []
    const app = await startRawApp((socket) => {
      socket.once('data', (bytes) => {
        const isHandshake = /upgrade: websocket/i.test(bytes.toString('latin1'))
        socket.write(isHandshake ? switching : `${ok}Content-Length: ${String(MOST)}\r\n\r\n`)
        poured.push(pour(socket, 'x', MOST))
      })
    })
    const scene = await startScene(app, { limits: { responseStallTimeout: FAR } })
    const clients = await scene.withstand(async () => {
      const requests = kinds.flatMap((kind) => Array<Kind>(PER_CLIENT).fill(kind))
      const connected = await Promise.all(
        requests.map((kind) => connectRaw(scene.gateway.port, scene.request(kind))),
      )
      for (const { socket } of connected) readSlowly(socket)
      const leastRead = () => Math.min(...connected.map(({ socket }) => socket.bytesRead))
      await expect.poll(leastRead, patient).toBeGreaterThan(6 * MIB)
      return connected
    })
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
    const unread =
      sum(poured.map(({ bytes }) => bytes)) - sum(clients.map(({ socket }) => socket.bytesRead))
    expect(unread / clients.length).toBeLessThan(MOST_UNREAD)
    await expectReasons(scene, [])
    for (const { socket } of clients) socket.destroy()
    await expectNothingLeft(scene)
  })
})

describe('an app that reads nothing', () => {
  const upload =
    'POST /plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const CLIENTS = 12
  /** With a body of 6 MiB, more than the kernel takes for an app that does not read. */
  const LARGE = 3

  const startDeaf = () => startRawApp((socket) => socket.pause())

  it('holds its client back for a streamed request body, and ends in a 504', async () => {
    const scene = await startScene(await startDeaf(), { limits: { responseStallTimeout: '2s' } })
    const poured: Poured[] = []
    const statuses = await scene.withstand(async () => {
      const clients = Array.from({ length: CLIENTS }, async () => {
        const client = await connectRaw(scene.gateway.port, upload)
        poured.push(pour(client.socket, chunk))
        return statusOf(await client.ended())
      })
      return Promise.all(clients)
    })
    expect(statuses).toEqual(Array<number>(CLIENTS).fill(504))
    await expectReasons(scene, Array<string>(CLIENTS).fill('upstream_timeout'))
    for (const { bytes } of poured) expect(bytes).toBeLessThan(MOST_POURED)
    await expect.poll(() => scene.metric('connections'), patient).toBe(0)
  })

  it('ends in a 504 for a verified body, and the body is released', async () => {
    const scene = await startScene(await startDeaf(), { upstream: { responseTimeout: '2s' } })
    const body = `{"ctx":{"request_id":"large","run_id":"run"},"x":"${'x'.repeat(6 * MIB)}"}`
    const statuses = await scene.withstand(async () => {
      const clients = Array.from({ length: LARGE }, async (_, i) => {
        const own = body.replace('large', `large-${String(i)}`)
        const bytes = scene.request('an Inngest route', own)
        return statusOf(await (await connectRaw(scene.gateway.port, bytes)).ended())
      })
      return Promise.all(clients)
    })
    expect(statuses).toEqual(Array<number>(LARGE).fill(504))
    await expectReasons(scene, Array<string>(LARGE).fill('upstream_timeout'))
    await expect.poll(() => scene.metric('buffered_bytes'), patient).toBe(0)
    await expect.poll(() => scene.metric('requests_in_flight'), patient).toBe(0)
  })

  it('holds its client back for a WebSocket, and leaves nothing when the client is gone', async () => {
    const app = await startRawApp((socket) => {
      socket.once('data', () => {
        socket.pause()
        socket.write(switching)
      })
    })
    const scene = await startScene(app, { limits: { responseStallTimeout: '2s' } })
    const poured: Poured[] = []
    const clients = await scene.withstand(async () => {
      const connected = await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          const client = await connectRaw(
            scene.gateway.port,
            scene.request('a WebSocket handshake'),
          )
          await expect.poll(() => client.received(), patient).toMatch(/^HTTP\/1\.1 101 /)
          return client
        }),
      )
      for (const { socket } of connected) poured.push(pour(socket, 'x'))
      await untilStopped(poured)
      return connected
    })
    for (const { bytes } of poured) expect(bytes).toBeLessThan(MOST_POURED)
    for (const { socket } of clients) socket.destroy()
    await expect.poll(() => scene.metric('connections'), patient).toBe(0)
    await expect.poll(() => scene.metric('requests_in_flight'), patient).toBe(0)
  })
})

describe('an app that accepts and never responds', () => {
  const MANY = 40

  it('is a 504 for each client', async () => {
    const app = await startRawApp(() => undefined)
    const scene = await startScene(app, { upstream: { responseTimeout: '1s' } })
    const outcomes = await scene.withstand(() => outcomesOf(scene, MANY, outcome))
    expect(outcomes).toEqual(forEachKind(MANY, '504'))
    await expectReasons(scene, faults(MANY, 'upstream_timeout'))
    await expectNothingLeft(scene)
  })

  it('takes no more connections than requests may be in flight', async () => {
    const app = await startRawApp(() => undefined)
    const limits = { maxRequestsInFlight: 16 }
    const scene = await startScene(app, { limits, upstream: { responseTimeout: '2s' } })
    const statuses = await scene.withstand(async () => {
      const clients = Array.from({ length: 200 }, async () => {
        const bytes = scene.request('a passthrough route')
        return statusOf(await (await connectRaw(scene.gateway.port, bytes)).ended())
      })
      return Promise.all(clients)
    })
    expect(new Set(statuses)).toEqual(new Set([503, 504]))
    expect(app.sockets.length).toBeLessThanOrEqual(16)
    expect(statuses.filter((status) => status === 504)).toHaveLength(app.sockets.length)
    await expectNothingLeft(scene)
  })
})

describe('an app that closes its half of the connection', () => {
  it.each([
    ['without a response', '', '502'],
    ['in its headers', `${ok}Content-`, '502'],
    ['in its chunks', `${chunked}4\r\nhalf\r\n`, 'cut'],
    ['behind its response', `${ok}Content-Length: 2\r\n\r\nok`, '200'],
    ['to end its response', `${ok}\r\nok`, '200'],
  ])('%s is disconnected', async (_, part, expected) => {
    const app = await startResponder((socket) => socket.end(part))
    const scene = await startScene(app)
    const outcomes = await scene.withstand(() => outcomesOf(scene, COUNT, outcome))
    expect(outcomes).toEqual(forEachKind(COUNT, expected))
    // Long before any time limit: the app can respond no more.
    await expectNothingLeft(scene)
    const reason = ['cut', '502'].includes(expected) ? 'upstream_reset' : 'none'
    await expectReasons(scene, faults(COUNT, reason))
  })

  it('is disconnected from a WebSocket', async () => {
    const app = await startResponder((socket) => socket.end(switching))
    const scene = await startScene(app)
    const request = scene.request('a WebSocket handshake')
    const texts = await scene.withstand(async () => {
      const clients = Array.from({ length: COUNT }, () => connectRaw(scene.gateway.port, request))
      return Promise.all(clients.map(async (client) => (await client).ended()))
    })
    expect(texts.map(statusOf)).toEqual(Array<number>(COUNT).fill(101))
    await expectNothingLeft(scene)
  })
})
