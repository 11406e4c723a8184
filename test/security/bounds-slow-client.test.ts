/**
 * A slow, half-open or impatient client (threats D14, D15): what is announced, kept open, half-closed or sent
 * before its turn must take no memory, and must be released without a time limit where the client is gone:
 *
 *   Content-Length: 10485760 (and a few bytes)        FIN, and stay        GET … GET … (and never read)
 */
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { callBytes } from '../support/attack.ts'
import {
  connectRaw,
  expectNothingLeft,
  expectReasons,
  MIB,
  startRawApp,
  startResponder,
  startScene,
  untimed,
  type RawClient,
  type Scene,
} from '../support/bounds.ts'
import { MOST_POURED, pour, untilStopped, type Poured } from '../support/flooding.ts'
import { patient } from '../support/gateway-process.ts'
import { statusOf } from '../support/raw.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const startApp = () => startResponder((socket) => socket.write(ok))
const startSilent = () => startRawApp(() => undefined)

const get = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n'

function connectMany(scene: Scene, count: number, bytes: (i: number) => string) {
  // Each address has a share of the connections.
  const from = (i: number) => `127.0.1.${String(1 + (i % 50))}`
  return Promise.all(
    Array.from({ length: count }, (_, i) => connectRaw(scene.gateway.port, bytes(i), from(i))),
  )
}

function leave(clients: readonly RawClient[]) {
  for (const { socket } of clients) socket.resetAndDestroy()
}

describe('two hundred clients that announce a large body', () => {
  it('take no memory for the rest if they send a little of it', async () => {
    const scene = await startScene(await startApp(), { limits: untimed })
    const length = `Content-Length: ${String(10 * MIB)}`
    const clients = await scene.withstand(async () => {
      const connected = await Promise.all(
        Array.from({ length: 200 }, (_, i) => {
          const signature = `X-Inngest-Signature: ${scene.sign(String(i))}`
          const head = callBytes('', [length, signature], 'POST /signed HTTP/1.1')
          return connectRaw(scene.gateway.port, `${head}{"ctx":`)
        }),
      )
      const held = () => scene.metric('requests_in_flight')
      await expect.poll(held, patient).toBeGreaterThanOrEqual(200)
      return connected
    })
    for (const { socket } of clients) socket.resetAndDestroy()
    await expectNothingLeft(scene)
    await expectReasons(scene, Array<string>(200).fill('downstream_closed'))
  })
})

describe('a thousand connections', () => {
  it('take no more memory than the headers if those are incomplete', async () => {
    const scene = await startScene(await startApp(), { limits: untimed })
    const part = `GET /plain HTTP/1.1\r\nHost: a\r\nX-A: ${'b'.repeat(15_000)}`
    const clients = await scene.withstand(async () => {
      const connected = await connectMany(scene, 1000, () => part)
      const open = () => scene.metric('connections')
      await expect.poll(open, patient).toBeGreaterThanOrEqual(1000)
      return connected
    })
    leave(clients)
    await expectNothingLeft(scene)
    expect(scene.app.sockets).toHaveLength(0)
  })

  it('are closed when they are idle after a response', async () => {
    const scene = await startScene(await startApp(), { limits: { keepAliveTimeout: '1s' } })
    const unknown = 'GET /unknown HTTP/1.1\r\nHost: a\r\n\r\n'
    const texts = await scene.withstand(async () => {
      const clients = await connectMany(scene, 1000, () => unknown)
      return Promise.all(clients.map((client) => client.ended()))
    })
    expect(texts.map(statusOf)).toEqual(Array<number>(1000).fill(404))
    await expectNothingLeft(scene)
  })
})

describe('a hundred clients that close their half of the connection', () => {
  const CLIENTS = 100

  it.each([
    ['before a request', () => ''],
    ['in their headers', () => 'GET /plain HTTP/1.1\r\nHo'],
    ['in their body', (scene: Scene) => scene.request('an Inngest route').slice(0, -5)],
    ['in a streamed body', () => callBytes('x', ['Content-Length: 9'], 'POST /plain HTTP/1.1')],
  ])('%s are released at once', async (_, bytes) => {
    const scene = await startScene(await startSilent(), { limits: untimed })
    await scene.withstand(async () => {
      const clients = await connectMany(scene, CLIENTS, () => bytes(scene))
      for (const { socket } of clients) socket.end()
      const texts = await Promise.all(clients.map((client) => client.ended()))
      expect(texts.filter((text) => text === 'still open')).toEqual([])
    })
    await expectNothingLeft(scene)
  })

  it('are released with the response at the latest if they do so behind their request', async () => {
    const config = { limits: untimed, upstream: { responseTimeout: '2s' } }
    const scene = await startScene(await startSilent(), config)
    await scene.withstand(async () => {
      const clients = await connectMany(scene, CLIENTS, () => scene.request('an Inngest route'))
      for (const { socket } of clients) socket.end()
      const texts = await Promise.all(clients.map((client) => client.ended()))
      expect(texts.filter((text) => text === 'still open')).toEqual([])
    })
    await expectNothingLeft(scene)
    await expect.poll(scene.reasons, patient).toHaveLength(CLIENTS)
  })
})

/** An app that responds to nothing until `respond` is called, and to everything then. */
async function startHeld() {
  const held = new Set<Socket>()
  let isHeld = true
  const app = await startRawApp((socket) => {
    socket.on('data', (bytes) => {
      if (!/^(?:GET|POST) /m.test(bytes.toString('latin1'))) return
      if (isHeld) held.add(socket)
      else socket.write(ok)
    })
  })
  const respond = () => {
    isHeld = false
    for (const socket of held) socket.write(ok)
  }
  return { app, respond }
}

describe('a client that does not wait for its responses', () => {
  const CLIENTS = 12
  /** Requests that wait on one connection. */
  const MOST_WAITING = 16

  // What was sent ahead must cost nothing later either: it is dropped, not served or parsed to its end.
  it.each([
    ['a refusal', () => '', 'GET /unknown HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['the app', () => get, get],
    ['the app, verified', (scene: Scene) => scene.request('an Inngest route'), get],
  ])('is read no further while the first one waits for %s', async (_, first, more) => {
    const { app, respond } = await startHeld()
    const scene = await startScene(app, { limits: untimed })
    const poured: Poured[] = []
    await scene.withstand(async () => {
      const begin = () => first(scene).replace('Connection: close\r\n', '')
      const clients = await connectMany(scene, CLIENTS, begin)
      for (const { socket } of clients) poured.push(pour(socket, more))
      await untilStopped(poured)
      respond()
      const texts = await Promise.all(clients.map((client) => client.ended()))
      expect(texts.filter((text) => text === 'still open')).toEqual([])
      await expectNothingLeft(scene)
    })
    for (const { bytes } of poured) expect(bytes).toBeLessThan(MOST_POURED)
    expect(app.received().match(/^(?:GET|POST) /gm)?.length ?? 0).toBeLessThanOrEqual(
      CLIENTS * MOST_WAITING,
    )
  })

  it('causes few responses to be fetched from the app if it reads none of them', async () => {
    const large = 8 * MIB
    const poured: Poured[] = []
    const app = await startResponder((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(large)}\r\n\r\n`)
      poured.push(pour(socket, 'x', large))
    })
    const scene = await startScene(app, { limits: untimed })
    const clients = await scene.withstand(async () => {
      const connected = await connectMany(scene, CLIENTS, () => '')
      for (const { socket } of connected) socket.pause().write(get.repeat(MOST_WAITING))
      await expect.poll(() => poured.length, patient).toBeGreaterThanOrEqual(CLIENTS)
      await untilStopped(poured)
      return connected
    })
    leave(clients)
    await expectNothingLeft(scene)
  })
})
