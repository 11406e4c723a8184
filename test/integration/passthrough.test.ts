/** What an app serves beside Inngest: streamed both ways, unbuffered, WebSockets included. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { expectQuiet, startTarget, type Target } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'
import { send } from '../support/sender.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Many times what all the buffers on the way to an app hold. */
const MOST_SENT = 64 * 1_048_576

async function startApp(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { server, config: { routes: [{ name: 'app', policy: 'passthrough', upstream: url }] } }
}

describe('a passthrough route', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'carries %s, its body and the answer',
    async (method) => {
      const seen: [string | undefined, string, unknown][] = []
      const app = await startApp((request, response) => {
        let body = ''
        request.setEncoding('utf8').on('data', (text: string) => (body += text))
        request.on('end', () => {
          seen.push([request.method, body, request.headers['x-forwarded-for']])
          response.writeHead(207, { 'x-own': 'yes' }).end('answer')
        })
      })
      const target = await startTarget(app.config)
      const body = ['GET', 'HEAD'].includes(method) ? '' : 'a body'
      const answer = await send({ port: target.gateway.port, method, target: '/x?y=z', body })
      expect(answer).toMatchObject({ status: 207, body: method === 'HEAD' ? '' : 'answer' })
      expect(answer.headers['x-own']).toBe('yes')
      expect(seen).toEqual([[method, body, '127.0.0.1']])
      expect(target.gateway.logLines[0]).toMatchObject({
        decision: 'admitted',
        route: 'app',
        status: 207,
      })
      await expectQuiet(target)
    },
  )

  it('streams up and down while both are still at it', async () => {
    const app = await startApp((request, response) => {
      response.writeHead(200)
      request.on('data', (part: Buffer) => response.write(`got ${part.toString()};`))
      request.on('end', () => response.end('done'))
    })
    const target = await startTarget(app.config)
    const request = httpRequest({ port: target.gateway.port, method: 'POST', path: '/echo' })
    request.write('one')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    const [first] = (await once(response, 'data')) as [string]
    expect(first).toBe('got one;')
    request.write('two')
    const [second] = (await once(response, 'data')) as [string]
    expect(second).toBe('got two;')
    request.end()
    const [last] = (await once(response, 'data')) as [string]
    expect(last).toBe('done')
    expect(await target.metrics()).toContain('inngest_gateway_buffered_bytes 0')
  })

  it('does not hold a large upload: an app that reads slowly slows its sender down', async () => {
    let request: IncomingMessage | undefined
    const app = await startApp((incoming) => {
      request = incoming
    })
    const limits = { responseStallTimeout: '4s' }
    const target = await startTarget({ ...app.config, limits })
    const upload = httpRequest({ port: target.gateway.port, method: 'POST', path: '/upload' })
    upload.on('error', () => undefined)
    let sent = 0
    const chunk = Buffer.alloc(65_536)
    const pump = () => {
      if (upload.destroyed || sent >= MOST_SENT) return
      do sent += chunk.length
      while (upload.write(chunk) && sent < MOST_SENT)
    }
    upload.on('drain', pump)
    pump()
    await expect.poll(() => request !== undefined).toBe(true)
    const grows = async () => {
      const before = sent
      await sleep(300)
      return sent > before
    }
    await expect.poll(grows).toBe(false)
    expect(sent).toBeLessThan(MOST_SENT)
    expect(await target.metrics()).toContain('inngest_gateway_buffered_bytes 0')
    upload.destroy()
    await expectQuiet(target)
    expect(target.reasons()).toEqual(['upstream_timeout'])
  })

  it.each([
    ['refuses', 502, 'upstream_connect', undefined],
    ['is silent', 504, 'upstream_timeout', () => undefined],
    ['hangs up', 502, 'upstream_reset', (request: IncomingMessage) => request.socket.destroy()],
  ] as const)('answers for an app that %s with %i', async (_, status, reason, handler) => {
    const app = await startApp(handler ?? (() => undefined))
    if (handler === undefined) {
      app.server.close()
      await once(app.server, 'close')
    }
    const responseTimeout = reason === 'upstream_timeout' ? '300ms' : '10s'
    const target = await startTarget({ ...app.config, upstream: { responseTimeout } })
    expect((await send({ port: target.gateway.port, target: '/x', body: 'a' })).status).toBe(status)
    expect(target.reasons()).toEqual([reason])
    await expectQuiet(target)
  })

  it('cuts an answer where the app cuts it', async () => {
    const app = await startApp((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => request.socket.destroy(), 50)
    })
    const target = await startTarget(app.config)
    const get = { port: target.gateway.port, method: 'GET', target: '/x' }
    await expect(send(get)).rejects.toThrow()
    expect(target.gateway.logLines[0]).toMatchObject({
      decision: 'failed',
      reason: 'upstream_reset',
    })
    await expectQuiet(target)
  })

  it('goes to the app on a unix socket too', async () => {
    const path = `/tmp/gateway-passthrough-${String(process.pid)}.sock`
    const app = createServer((_, response) => response.end('unix')).listen(path)
    await once(app, 'listening')
    stops.push(() => app.close())
    const routes = [{ name: 'app', policy: 'passthrough', upstream: `unix:${path}` }]
    const target = await startTarget({ routes })
    const get = { port: target.gateway.port, method: 'GET', target: '/x' }
    expect((await send(get)).body).toBe('unix')
  })
})

const handshake =
  'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aaaa\r\n\r\n'

async function startEcho(
  more: object = {},
): Promise<{ target: Target; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const app = await startApp((_, response) => response.writeHead(426).end('no'))
  const sockets = new WebSocketServer({ server: app.server, path: '/live' })
  stops.push(() => {
    sockets.close()
  })
  sockets.on('connection', (socket, request) => {
    requests.push(request)
    socket.on('message', (data: Buffer) => {
      socket.send(`echo ${data.toString()}`)
    })
  })
  return { target: await startTarget({ ...app.config, ...more }), requests }
}

describe('a WebSocket on a passthrough route', () => {
  it('is carried both ways, without the fields of Inngest, until either side ends it', async () => {
    const { target, requests } = await startEcho()
    const socket = new WebSocket(`ws://127.0.0.1:${String(target.gateway.port)}/live`, {
      headers: { 'X-Inngest-Signature': 't=1&s=2', 'X-Run-ID': 'r', 'X-Forwarded-For': '6.6.6.6' },
    })
    await once(socket, 'open')
    socket.send('one')
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(answer.toString()).toBe('echo one')
    const [{ headers } = { headers: {} }] = requests
    expect(JSON.stringify(headers)).not.toMatch(/x-inngest|x-run-id|6\.6\.6\.6/)
    expect(await target.metrics()).toContain('inngest_gateway_requests_in_flight 1')
    socket.close()
    await expectQuiet(target)
    expect(target.gateway.logLines[0]).toMatchObject({ decision: 'admitted', status: 101 })
  })

  it('may be silent for as long as it likes', async () => {
    const limits = { bodyIdleTimeout: '1s', responseStallTimeout: '1s', headersTimeout: '1s' }
    const { target } = await startEcho({ limits, upstream: { responseTimeout: '1s' } })
    const socket = new WebSocket(`ws://127.0.0.1:${String(target.gateway.port)}/live`)
    await once(socket, 'open')
    await sleep(3000)
    socket.send('still there')
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(answer.toString()).toBe('echo still there')
    socket.close()
    await expectQuiet(target)
  })

  it('gets the response of the app if the app does not accept it', async () => {
    const { target } = await startEcho()
    const socket = new WebSocket(`ws://127.0.0.1:${String(target.gateway.port)}/other`)
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toMatch(/40\d|426/)
    await expectQuiet(target)
    expect(target.gateway.logLines).toHaveLength(1)
    // Waited for until the gateway closes: nothing can follow on that connection.
    const elsewhere = handshake.replace('/live', '/other')
    expect(await target.raw(elsewhere, { waitMs: 60_000 })).toMatch(/^HTTP\/1\.1 4\d\d /)
    await expectQuiet(target)
  })

  it('does not look whole if the app sends half a response', async () => {
    const app = await startApp((request, response) => {
      response.write('half')
      setTimeout(() => request.socket.destroy(), 50)
    })
    const target = await startTarget(app.config)
    const answer = await target.raw(handshake)
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*half\r\n$/s)
    expect(target.reasons()).toEqual(['upstream_reset'])
    await expectQuiet(target)
  })

  it('is cancelled at the app if the client ends before the app has responded', async () => {
    let waiting: IncomingMessage | undefined
    const app = await startApp(() => undefined)
    app.server.on('upgrade', (request: IncomingMessage) => (waiting = request))
    const target = await startTarget(app.config)
    const socket = await open(target.gateway.port)
    socket.write(handshake)
    await expect.poll(() => waiting !== undefined).toBe(true)
    socket.end()
    await expectQuiet(target)
    expect(target.reasons()).toEqual(['downstream_closed'])
    await expect.poll(() => waiting?.socket.readableEnded).toBe(true)
    waiting?.socket.destroy()
  })

  it('gets a 502 if the app is not there', async () => {
    const app = await startApp(() => undefined)
    app.server.close()
    const target = await startTarget(app.config)
    expect(statusOf(await target.raw(handshake))).toBe(502)
    expect(target.reasons()).toEqual(['upstream_connect'])
    await expectQuiet(target)
  })

  it('leaves nothing if its client vanishes', async () => {
    const { target, requests } = await startEcho()
    const socket = new WebSocket(`ws://127.0.0.1:${String(target.gateway.port)}/live`)
    await once(socket, 'open')
    await expect.poll(() => requests.length).toBe(1)
    socket.terminate()
    await expectQuiet(target)
    await expect.poll(() => requests[0]?.socket.destroyed).toBe(true)
  })
})
