/** A durable route through real sockets: what users may send, and what becomes of the app's responses. */
import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { startBehind, stops, track, type Handler } from '../support/app-behind-gateway.ts'
import { durableConfig, durableHost, durableKey, freshIds } from '../support/durable-route.ts'
import { freePort } from '../support/free-port.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

type Config = Readonly<Record<string, unknown>>

const behind = (handler: Handler, more: Config = {}, all: Config = {}) =>
  startBehind(handler, (url) => durableConfig(url, more, all))

const user = ({ port }: TestGateway, more: object = {}) =>
  send({ port, method: 'POST', target: '/endpoints/a', headers: { host: durableHost }, ...more })

const reentryHeaders = (gateway: TestGateway, body: string, ids = freshIds()) => ({
  host: durableHost,
  ...ids,
  'x-inngest-signature': signatureHeader(durableKey, body, Math.floor(gateway.clock.wallMs / 1000)),
})

const reenter = (gateway: TestGateway, ids = freshIds(), target = '/endpoints/a') =>
  send({
    port: gateway.port,
    target,
    body: 'a body',
    headers: reentryHeaders(gateway, 'a body', ids),
  })

const lastLine = ({ logLines }: TestGateway) => logLines.findLast(({ msg }) => msg === 'request')

describe('a user of a durable route', () => {
  it('is streamed both ways while both are still at it', async () => {
    const gateway = await startStreaming()
    const request = httpRequest({
      port: gateway.port,
      method: 'POST',
      path: '/endpoints/a',
      headers: { host: durableHost },
    })
    request.write('one')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    expect((await once(response, 'data'))[0]).toBe('got one;')
    const ended = once(response, 'end')
    request.end('two')
    expect((await once(response, 'data'))[0]).toBe('got two;')
    await ended
    expect(await gateway.metricsText()).toContain('inngest_gateway_buffered_bytes 0')
  })

  it('may send as much as maxBodySize, and no more', async () => {
    const bodies: string[] = []
    const gateway = await behind(
      (_, response, body) => {
        bodies.push(body)
        response.end()
      },
      { maxBodySize: '1KiB' },
    )
    const statusOf = async (bytes: number, headers: Record<string, string> = {}) => {
      const body = 'x'.repeat(bytes)
      return (await user(gateway, { body, headers: { host: durableHost, ...headers } })).status
    }
    const chunked = { 'transfer-encoding': 'chunked' }
    expect([await statusOf(1024), await statusOf(1024, chunked)]).toEqual([200, 200])
    expect([await statusOf(1025), await statusOf(1025, chunked)]).toEqual([413, 413])
    expect(bodies.map((body) => body.length)).toEqual([1024, 1024])
    const reasons = gateway.logLines.map(({ reason }) => reason)
    expect(reasons).toEqual(['none', 'none', 'body_too_large', 'downstream_too_large'])
  })

  it('may send by default as much as Inngest can send again', async () => {
    const limits = { maxBodySize: '2KiB' }
    const gateway = await behind((_, response) => response.end(), {}, { limits })
    expect((await user(gateway, { body: 'x'.repeat(2048) })).status).toBe(200)
    expect((await user(gateway, { body: 'x'.repeat(2049) })).status).toBe(413)
  })

  it('is refused while as many requests of users are in flight as may be', async () => {
    const waiting: (() => void)[] = []
    const gateway = await behind((_, response) => waiting.push(() => response.end()), {
      maxRequestsInFlight: 2,
    })
    const [first, second] = [user(gateway), user(gateway)]
    await expect.poll(() => waiting.length).toBe(2)
    expect((await user(gateway)).status).toBe(503)
    expect(lastLine(gateway)).toMatchObject({ reason: 'route_requests_full', durable: 'user' })
    const reentry = reenter(gateway)
    await expect.poll(() => waiting.length).toBe(3)
    for (const respond of waiting.splice(0)) respond()
    expect((await Promise.all([first, second, reentry])).map(({ status }) => status)).toEqual([
      200, 200, 200,
    ])
    const next = user(gateway)
    await expect.poll(() => waiting.length).toBe(1)
    for (const respond of waiting.splice(0)) respond()
    expect((await next).status).toBe(200)
  })

  it('can open a WebSocket, which a re-entry cannot', async () => {
    const gateway = await startEchoing()
    const url = `ws://127.0.0.1:${String(gateway.port)}/endpoints/a`
    const socket = new WebSocket(url, { headers: { host: durableHost } })
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    socket.close()
    const refused = new WebSocket(url, { headers: reentryHeaders(gateway, '') })
    const [error] = (await once(refused, 'error')) as [Error]
    expect(error.message).toContain('400')
  })
})

describe('a response of a durable endpoint', () => {
  it.each([301, 302, 303])(
    'is forwarded with status %i to users and to Inngest',
    async (status) => {
      const location =
        'https://api.inngest.com/v1/http/runs/01HW5N8XQZJ9V2M3K4L5P6Q7R8/output?token=a'
      const gateway = await behind((_, response) => response.writeHead(status, { location }).end())
      for (const answer of [await user(gateway), await reenter(gateway)]) {
        expect(answer.status).toBe(status)
        expect(answer.headers.location).toBe(location)
      }
    },
  )

  it.each([307, 308])(
    'lets the target of a %i be re-entered once with the same ids',
    async (status) => {
      const gateway = await behind((request, response, body) => {
        if (request.url === '/endpoints/a')
          response.writeHead(status, { location: '/endpoints/b' }).end()
        else response.end(`${String(request.url)} ${body}`)
      })
      const ids = freshIds()
      expect((await reenter(gateway, ids)).status).toBe(status)
      expect(lastLine(gateway)).toMatchObject({ redirect: 'rearmed' })
      expect((await reenter(gateway, freshIds(), '/endpoints/b')).status).toBe(200)
      expect((await reenter(gateway, ids, '/endpoints/c')).status).toBe(409)
      const followed = await reenter(gateway, ids, '/endpoints/b')
      expect([followed.status, followed.body]).toEqual([200, '/endpoints/b a body'])
      expect((await reenter(gateway, ids, '/endpoints/b')).status).toBe(409)
    },
  )

  it('opens nothing on an Inngest route by a 307 to it', async () => {
    const gateway = await behind((_, response) =>
      response.writeHead(307, { location: '/api/inngest' }).end(),
    )
    expect((await reenter(gateway)).status).toBe(307)
    expect(lastLine(gateway)).toMatchObject({ redirect: 'not_served' })
  })

  it('releases the claim of the re-entry if it never comes, as no byte reached the app', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}`
    const gateway = await startBehind(
      (_, response) => response.end(),
      () => durableConfig(url),
    )
    const ids = freshIds()
    expect((await reenter(gateway, ids)).status).toBe(502)
    expect(lastLine(gateway)).toMatchObject({ claim: 'released', durable: 'reentry' })
    expect((await reenter(gateway, ids)).status).toBe(502)
  })
})

/** An app that says what it gets, part by part. */
function startStreaming(): Promise<TestGateway> {
  return startWithServer((server) => {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200)
      request.on('data', (part: Buffer) => response.write(`got ${part.toString()};`))
      request.on('end', () => response.end())
    })
  })
}

function startEchoing(): Promise<TestGateway> {
  return startWithServer((server) => {
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => {
      socket.on('message', (data) => {
        socket.send(data)
      })
    })
  })
}

async function startWithServer(prepare: (server: Server) => void): Promise<TestGateway> {
  const server = createServer()
  prepare(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return track(await startTestGateway(url, durableConfig(url)))
}
