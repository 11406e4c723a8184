/** What the app gets of an admitted request, and what the sender gets of the answer. */
import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'

import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(
  handler: Handler,
  config: object = {},
  listenOn?: string,
): Promise<TestGateway> {
  const app = createServer((request, response) => {
    let body = ''
    request
      .setEncoding('latin1')
      .on('data', (text: string) => (body += text))
      .on('end', () => {
        handler(request, response, body)
      })
  })
  if (listenOn === undefined) app.listen(0, '127.0.0.1')
  else app.listen(listenOn)
  await once(app, 'listening')
  stops.push(() => {
    app.close()
    app.closeAllConnections()
  })
  const address = app.address()
  const url =
    typeof address === 'string'
      ? `unix:${address}`
      : `http://127.0.0.1:${String((address as AddressInfo).port)}`
  return track(await startTestGateway(url, config))
}

function track(gateway: TestGateway): TestGateway {
  stops.push(() => gateway.stop())
  return gateway
}

let serial = 0
function call(
  gateway: TestGateway,
  headers: Record<string, string | string[]> = {},
  wire?: string,
) {
  serial += 1
  const body = `{"ctx":{"request_id":"${String(serial)}"},"x":"\u00e9&"}`
  const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
  return send({
    port: gateway.port,
    target: '/api/inngest?fnId=a%20b&x=~',
    headers: { 'x-inngest-signature': signature, ...headers },
    body: wire ?? body,
  })
}

describe('forwarding', () => {
  it('builds the request anew from the signed bytes', async () => {
    let seen: IncomingMessage | undefined
    let seenBody = ''
    const gateway = await start((request, response, body) => {
      seen = request
      seenBody = Buffer.from(body, 'latin1').toString('utf8')
      response.end()
    })
    await call(gateway, {
      host: 'app.example.com:8443',
      connection: 'close, x-secret, x-inngest-signature',
      'x-secret': '1',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/evil',
      'x-original-url': '/evil',
      'x-real-ip': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      x_inngest_signature: 'a',
      'x.run.id': 'b',
      te: 'trailers',
      'x-http-method-override': 'PUT',
      traceparent: '00-1',
      'transfer-encoding': 'chunked',
    })
    expect(seen?.url).toBe('/api/inngest?fnId=a%20b&x=~')
    expect(seenBody).toBe(`{"ctx":{"request_id":"${String(serial)}"},"x":"\u00e9&"}`)
    const { headers = {} } = seen ?? {}
    expect(Object.keys(headers).sort()).toEqual([
      'connection',
      'content-length',
      'forwarded',
      'host',
      'traceparent',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-inngest-signature',
      'x-request-id',
    ])
    expect(headers).toMatchObject({
      host: 'app.example.com:8443',
      'content-length': String(Buffer.byteLength(seenBody)),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'app.example.com:8443',
      'x-forwarded-proto': 'http',
      forwarded: 'for=127.0.0.1;host="app.example.com:8443";proto=http',
    })
  })

  it('forwards the canonical bytes where those are what is signed', async () => {
    let seenBody = ''
    const gateway = await start((_request, response, body) => {
      seenBody = body
      response.end()
    })
    const wire = `{ "x":"\\u00e9\\u0026", "ctx":{"request_id":"${String(serial + 1)}"} }`
    expect((await call(gateway, {}, wire)).status).toBe(200)
    expect(Buffer.from(seenBody, 'latin1').toString('utf8')).toBe(
      `{"ctx":{"request_id":"${String(serial)}"},"x":"\u00e9&"}`,
    )
  })

  it('pins Host and scheme to the serve origin', async () => {
    let headers: IncomingMessage['headers'] = {}
    const app = createServer((request, response) => {
      headers = request.headers
      response.end()
    })
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    stops.push(() => app.close())
    const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
    const signingKeys = [{ env: 'PRIMARY' }]
    const serveOrigin = 'https://app.example.com'
    const routes = [{ name: 'app', upstream, signingKeys, serveOrigin }]
    await call(track(await startTestGateway(upstream, { routes })), { host: 'evil' })
    expect(headers).toMatchObject({ host: 'app.example.com', 'x-forwarded-proto': 'https' })
  })

  it('streams an answer through untouched: status, spaces, compressed body, Inngest fields, no trailers', async () => {
    const compressed = gzipSync('hello')
    const gateway = await start((_request, response) => {
      response.writeHead(201, {
        'x-inngest-sdk': 'js',
        'content-encoding': 'gzip',
        'x-inngest-signature': 't=1',
        trailer: 'x-late',
        'set-cookie': ['a=1', 'b=2'],
      })
      response.write('   ')
      response.write(compressed)
      response.addTrailers({ 'x-late': '1' })
      response.end()
    })
    const answer = await call(gateway)
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({
      'x-inngest-sdk': 'js',
      'content-encoding': 'gzip',
      'x-inngest-signature': 't=1',
      'set-cookie': ['a=1', 'b=2'],
    })
    expect(answer.headers['trailer']).toBeUndefined()
    expect(answer.body).toBe(Buffer.concat([Buffer.from('   '), compressed]).toString())
  })

  it('passes the first bytes on while the app still works', async () => {
    let finish = () => {}
    const gateway = await start((_request, response) => {
      response.writeHead(201).write(' ')
      finish = () => response.end('{}')
    })
    const body = '{"ctx":{"request_id":"stream"}}'
    const headers = {
      'x-inngest-signature': signatureHeader(
        testKey,
        body,
        Math.floor(gateway.clock.wallMs / 1000),
      ),
    }
    const request = httpRequest({
      port: gateway.port,
      method: 'POST',
      path: '/api/inngest',
      headers,
    })
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const [chunk] = (await once(response, 'data')) as [Buffer]
    expect(chunk.toString()).toBe(' ')
    finish()
    await once(response, 'end')
  })

  it('reaches an app on a unix socket', async () => {
    const gateway = await start(
      (_request, response) => response.end('unix'),
      {},
      `/tmp/gateway-${String(process.pid)}.sock`,
    )
    expect((await call(gateway)).body).toBe('unix')
  })

  it.each([301, 302, 303])('turns a %i into a 502 that says so', async (status) => {
    const gateway = await start((_request, response) =>
      response.writeHead(status, { location: '/x' }).end(),
    )
    const answer = await call(gateway)
    expect([answer.status, gateway.logLines.at(-1)?.['reason']]).toEqual([502, 'upstream_redirect'])
    expect(answer.body).toContain('redirect')
  })

  it('answers 502 for an app that refuses, resets or speaks no HTTP', async () => {
    const refuses = track(await startTestGateway('http://127.0.0.1:1'))
    expect((await call(refuses)).status).toBe(502)
    expect(refuses.logLines.at(-1)?.['reason']).toBe('upstream_connect')
    const resets = await start((request) => request.socket.destroy())
    expect((await call(resets)).status).toBe(502)
    expect(resets.logLines.at(-1)?.['reason']).toBe('upstream_reset')
    const babbler = net.createServer((socket) =>
      socket.on('data', () => socket.write('hello\r\n\r\n')).on('error', () => undefined),
    )
    babbler.listen(0, '127.0.0.1')
    await once(babbler, 'listening')
    stops.push(() => babbler.close())
    const babbles = track(
      await startTestGateway(`http://127.0.0.1:${String((babbler.address() as AddressInfo).port)}`),
    )
    const answer = await call(babbles)
    expect([answer.status, babbles.logLines.at(-1)?.['reason']]).toEqual([502, 'upstream_protocol'])
    expect(answer.headers['x-inngest-sdk']).toBeUndefined()
  })

  it('answers 504 for an app that is silent', async () => {
    const gateway = await start(() => undefined, { upstream: { responseTimeoutMs: 1000 } })
    expect((await call(gateway)).status).toBe(504)
    expect(gateway.logLines.at(-1)?.['reason']).toBe('upstream_timeout')
  })

  it('cuts the answer where the app cuts it, so that it does not look complete', async () => {
    const gateway = await start((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => request.socket.destroy(), 50)
    })
    await expect(call(gateway)).rejects.toThrow()
    expect(gateway.logLines.at(-1)).toMatchObject({
      decision: 'failed',
      reason: 'upstream_reset',
      status: 200,
    })
  })

  it('cancels the call when the client leaves', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    let leave = () => {}
    const gateway = await start((request) => {
      request.socket.on('close', () => {
        resolve('cancelled')
      })
      leave()
    })
    const body = '{"ctx":{"request_id":"leaver"}}'
    const headers = {
      'x-inngest-signature': signatureHeader(
        testKey,
        body,
        Math.floor(gateway.clock.wallMs / 1000),
      ),
    }
    const request = httpRequest({
      port: gateway.port,
      method: 'POST',
      path: '/api/inngest',
      headers,
    })
    request.on('error', () => undefined)
    leave = () => request.destroy()
    request.end(body)
    expect(await promise).toBe('cancelled')
    await expect.poll(() => gateway.logLines.at(-1)?.['reason']).toBe('downstream_closed')
  })

  it('sends the same bytes for every 401, but for the request id', async () => {
    const gateway = await start((_request, response) => response.end())
    const at = Math.floor(gateway.clock.wallMs / 1000)
    const headers = [
      {},
      { 'x-inngest-signature': 'x' },
      { 'x-inngest-signature': signatureHeader('a', '', at) },
      { 'x-inngest-signature': signatureHeader(testKey, '', at - 400) },
    ]
    const answers = []
    for (const fields of headers) {
      const { body, headers: sent } = await send({
        port: gateway.port,
        headers: { 'x-request-id': 'same', ...fields },
      })
      answers.push(JSON.stringify([body, { ...sent, date: '' }]))
    }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('www-authenticate')
  })

  it('keeps keys, bodies and signatures out of the log and the metrics', async () => {
    const gateway = await start((_request, response) => response.end())
    await call(gateway)
    await call(gateway, {
      'x-inngest-signature': signatureHeader('wrong', 'x', Math.floor(gateway.clock.wallMs / 1000)),
    })
    const text = JSON.stringify(gateway.logLines) + (await gateway.metricsText())
    expect(text).not.toContain(testKey.slice(13, 29))
    expect(text).not.toMatch(/[0-9a-f]{64}|request_id\\"/)
  })
})
