/** What the app gets of an admitted request, and what the sender gets of the answer. */
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { call, lastBody, startBehind, stops, track } from '../support/app-behind-gateway.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

describe('forwarding', () => {
  it('builds the request anew from the signed bytes', async () => {
    let seen: IncomingMessage | undefined
    let seenBody = ''
    const gateway = await startBehind((request, response, body) => {
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
    expect(seenBody).toBe(lastBody())
    const { headers = {} } = seen ?? {}
    expect(Object.keys(headers).sort()).toEqual([
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
    const gateway = await startBehind((_request, response, body) => {
      seenBody = body
      response.end()
    })
    const wire = (body: string) => body.replace('\u00e9&', '\\u00e9\\u0026').replace(',', ' , ')
    expect((await call(gateway, {}, wire)).status).toBe(200)
    expect(Buffer.from(seenBody, 'latin1').toString('utf8')).toBe(lastBody())
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
    const gateway = await startBehind((_request, response) => {
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
    const gateway = await startBehind((_request, response) => {
      response.writeHead(201).write(' ')
      finish = () => response.end('{}')
    })
    const body = '{"ctx":{"request_id":"stream","run_id":"run"}}'
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
    const gateway = await startBehind(
      (_request, response) => response.end('unix'),
      {},
      `/tmp/gateway-${String(process.pid)}.sock`,
    )
    expect((await call(gateway)).body).toBe('unix')
  })

  it('sends the same bytes for every 401, but for the request id', async () => {
    const gateway = await startBehind((_request, response) => response.end())
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
    const gateway = await startBehind((_request, response) => response.end())
    await call(gateway)
    await call(gateway, {
      'x-inngest-signature': signatureHeader('wrong', 'x', Math.floor(gateway.clock.wallMs / 1000)),
    })
    const text = JSON.stringify(gateway.logLines) + (await gateway.metricsText())
    expect(text).not.toContain(testKey.slice(13, 29))
    expect(text).not.toMatch(/[0-9a-f]{64}|request_id\\"/)
  })
})
