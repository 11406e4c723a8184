/** A real Envoy with what the Envoy Gateway example configures, in front of a gateway and an app. */
// @module-tag ingress
// @module-tag kubernetes
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { envoyConfig } from '../support/envoy-gateway.ts'
import { freePort } from '../support/free-port.ts'
import { envoy, startFrontProxy, type FrontProxy } from '../support/front-proxy.ts'
import { signCall, startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'

const CLIENT = '127.0.0.9'
const INNGEST_ID = '01JD0000000000000000000000'

describe('Envoy with the SecurityPolicy of the example', () => {
  let received: { readonly headers: IncomingHttpHeaders; readonly body: string }[]
  let gateway: GatewayProcess
  let proxy: FrontProxy
  const app = createServer((request, response) => {
    let body = ''
    request
      .on('data', (chunk: Buffer) => (body += chunk.toString()))
      .on('end', () => {
        received.push({ headers: request.headers, body })
        response.end('app')
      })
  })

  beforeEach(async () => {
    received = []
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    const appPort = (app.address() as AddressInfo).port
    const authPort = await freePort()
    gateway = await startGatewayProcess(`http://127.0.0.1:${String(appPort)}`, {
      trustedProxies: ['127.0.0.1/32'],
      allowlist: [`${CLIENT}/32`],
      externalAuth: { host: '127.0.0.1', port: authPort, protocol: 'ext_authz' },
    })
    proxy = await startFrontProxy(envoy((port) => envoyConfig(port, authPort, appPort)))
  })

  afterEach(async () => {
    await proxy.stop()
    app.close()
    app.closeAllConnections()
  })

  const post = (headers: Record<string, string>, call = signCall(), body = call.body) => {
    const { port } = proxy
    const all = { 'x-inngest-signature': call.signature, ...headers }
    return send({ port, from: CLIENT, body, headers: all })
  }

  it('forwards a signed request once, with the body that was authorized', async () => {
    const call = signCall()
    expect((await post({}, call)).status).toBe(200)
    expect((await post({}, call)).status).toBe(409)
    expect(received.map(({ body }) => body)).toEqual([call.body])
    const requests = () => gateway.log.filter(({ msg }) => msg === 'request')
    await expect.poll(requests).toMatchObject([
      { decision: 'admitted', external_auth: true, client_ip: CLIENT },
      { decision: 'refused', reason: 'replayed' },
    ])
  })

  it('forwards no request with another body, another client or another encoding', async () => {
    const call = signCall()
    expect((await post({}, call, `${call.body} `.replace('run', 'ran'))).status).toBe(401)
    expect((await post({ 'x-run-id': 'another' })).status).toBe(401)
    expect((await post({ 'content-encoding': 'gzip' })).status).toBeGreaterThanOrEqual(400)
    const own = { port: proxy.port, body: call.body, from: '127.0.0.8' }
    const headers = { 'x-inngest-signature': call.signature, 'x-forwarded-for': CLIENT }
    expect((await send({ ...own, headers })).status).toBe(403)
    expect(received).toEqual([])
  })

  it('forwards no header by which a client claims another address, host or path', async () => {
    const claims = {
      'x-forwarded-host': 'evil.example',
      'x-original-url': '/admin',
      'x-rewrite-url': '/admin',
      'x-http-method-override': 'DELETE',
      'true-client-ip': '10.0.0.1',
      'x.forwarded.for': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
    }
    expect((await post({ ...claims, 'x-kept': 'yes' })).status).toBe(200)
    expect(received[0]?.headers).toMatchObject({ 'x-kept': 'yes' })
    const names = Object.keys(received[0]?.headers ?? {})
    expect(names.filter((name) => name in claims)).toEqual([])
    expect((await post({ x_forwarded_for: '10.0.0.1' })).status).toBe(400)
  })

  it('replaces the X-Request-ID of Inngest', async () => {
    expect((await post({ 'x-request-id': INNGEST_ID })).status).toBe(200)
    expect(received[0]?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('responds with 503 if no gateway can be reached', async () => {
    gateway.child.kill('SIGKILL')
    await gateway.ended
    expect((await post({})).status).toBe(503)
    expect(received).toEqual([])
  })
})
