/**
 * A client that leaves at every moment (threat D18): whatever it held must come back, and what the
 * app does for nobody must end, or a few thousand such clients hold everything:
 *
 *   leaves in its head · in its body · while the app works · in the answer · in a streamed upload
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSilentServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { expectQuiet, signedCall, startTarget } from '../support/attack.ts'
import { open } from '../support/raw.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function startApp(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const calls: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    request.on('error', () => undefined)
    calls.push(request)
    handler(request, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const routes = [
    { name: 'inngest', upstream: url, signingKeys: [{ env: 'PRIMARY' }] },
    { name: 'app', policy: 'passthrough', upstream: url },
  ]
  return { calls, sockets, config: { routes } }
}

const LEAVERS = 20

async function leave(port: number, bytes: () => string, when: () => Promise<unknown>) {
  const sockets = await Promise.all(Array.from({ length: LEAVERS }, () => open(port)))
  for (const socket of sockets) socket.write(bytes())
  await when()
  for (const socket of sockets) socket.resetAndDestroy()
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 100))

describe('twenty clients that leave', () => {
  it('leave nothing and reach no app if they leave in their headers', async () => {
    const app = await startApp((_, response) => response.end())
    const target = await startTarget(app.config)
    await leave(target.gateway.port, () => 'POST /api/inngest HTTP/1.1\r\nHost: a', pause)
    await expectQuiet(target)
    expect(app.calls).toHaveLength(0)
  })

  it('leave nothing and reach no app if they leave in their body', async () => {
    const app = await startApp((_, response) => response.end())
    const target = await startTarget(app.config)
    const half = () => signedCall(target).slice(0, -5)
    await leave(target.gateway.port, half, async () => {
      // One that left before its head was read would not be known of.
      await expect
        .poll(() => target.metrics(), { timeout: 10_000 })
        .toContain(`inngest_gateway_requests_in_flight ${String(LEAVERS)}`)
      await expect.poll(() => target.metrics()).toMatch(/inngest_gateway_buffered_bytes [1-9]/)
    })
    await expectQuiet(target)
    expect(app.calls).toHaveLength(0)
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_closed'))
    expect(await target.metrics()).toContain('inngest_gateway_replay_cache_entries 0')
  })

  it('have the work of the app cancelled', async () => {
    const app = await startApp((request) => request.resume())
    const target = await startTarget(app.config)
    await leave(
      target.gateway.port,
      () => signedCall(target),
      async () => {
        await expect.poll(() => app.calls.length).toBe(LEAVERS)
      },
    )
    await expectQuiet(target)
    await expect.poll(() => app.sockets.size).toBe(0)
    expect(app.calls).toHaveLength(LEAVERS)
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_closed'))
  })

  it.each([
    ['a verified call', (target: Awaited<ReturnType<typeof startTarget>>) => signedCall(target)],
    ['a passthrough request', () => 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('have the rest cancelled in the response to %s', async (_, bytes) => {
    const app = await startApp((request, response) => {
      request.resume()
      response.write('begun')
    })
    const target = await startTarget(app.config)
    await leave(
      target.gateway.port,
      () => bytes(target),
      async () => {
        await expect.poll(() => app.calls.length).toBe(LEAVERS)
        await pause()
      },
    )
    await expectQuiet(target)
    await expect.poll(() => app.sockets.size).toBe(0)
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_closed'))
  })

  it('have the connection attempt to the app cancelled', async () => {
    // It accepts connections, and never begins its half of the TLS handshake.
    const sockets = new Set<Socket>()
    const app = createSilentServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
      socket.resume()
    }).listen(0, '127.0.0.1')
    await once(app, 'listening')
    stops.push(() => app.close())
    const upstream = `https://127.0.0.1:${String((app.address() as AddressInfo).port)}`
    const target = await startTarget({
      routes: [{ name: 'app', policy: 'passthrough', upstream }],
      upstream: { connectTimeout: '10m' },
    })
    const bytes = () => 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
    await leave(target.gateway.port, bytes, async () => {
      await expect.poll(() => sockets.size).toBe(LEAVERS)
    })
    await expectQuiet(target)
    await expect.poll(() => sockets.size).toBe(0)
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_closed'))
  })

  it('have a streamed upload cancelled', async () => {
    const app = await startApp((request) => request.resume())
    const target = await startTarget(app.config)
    const half = () => 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf'
    await leave(target.gateway.port, half, async () => {
      await expect.poll(() => app.calls.length).toBe(LEAVERS)
    })
    await expectQuiet(target)
    await expect.poll(() => app.sockets.size).toBe(0)
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_closed'))
  })

  it('get a response and are disconnected if they stop in a streamed upload, instead of leaving', async () => {
    const app = await startApp((request) => request.resume())
    const target = await startTarget({ ...app.config, limits: { bodyIdleTimeout: '400ms' } })
    const answers = await Promise.all(
      Array.from({ length: LEAVERS }, () =>
        target.raw('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf'),
      ),
    )
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 408'))).toBe(true)
    expect(answers[0]).toContain('"message":"Timed out waiting for the request body."')
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_idle'))
    await expectQuiet(target)
    await expect.poll(() => app.sockets.size).toBe(0)
  })

  it('leave nothing behind a request that waits for its response, with another one sent already', async () => {
    // Requests on a connection are served one after the other (RFC 9112 9.3.2), so the second waits here.
    const app = await startApp((request, response) => {
      if (request.url?.includes('held') !== true) response.end('answered')
    })
    const target = await startTarget(app.config)
    const held = () => signedCall(target).replace('?fnId=f', '?held&fnId=f')
    const both = () => `${held()}${signedCall(target)}`.replaceAll('Connection: close\r\n', '')
    await leave(target.gateway.port, both, async () => {
      await expect.poll(() => app.calls.length, { timeout: 10_000 }).toBe(LEAVERS)
      await pause()
    })
    await expectQuiet(target)
    expect(target.reasons()).toEqual(Array<string>(LEAVERS).fill('downstream_closed'))
    expect(app.calls).toHaveLength(LEAVERS)
  })
})
