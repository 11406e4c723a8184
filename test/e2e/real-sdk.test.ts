/** The real SDK behind the gateway, over real sockets: what is let in, and that nothing else arrives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { callBody, callTarget, startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import {
  fallbackKey,
  startTestGateway,
  testKey,
  type TestGateway,
} from '../support/test-gateway.ts'

describe('the real SDK behind the gateway', () => {
  let app: SdkApp
  let gateway: TestGateway
  const nowSeconds = () => Math.floor(gateway.clock.wallMs / 1000)
  const lastReason = () => gateway.logLines.at(-1)?.['reason']

  beforeAll(async () => {
    app = await startSdkApp(testKey, fallbackKey)
    gateway = await startTestGateway(app.url)
  })
  afterAll(async () => {
    await gateway.stop()
    app.stop()
  })

  function call(
    id: string,
    change: { key?: string; at?: number; body?: string; target?: string } = {},
  ) {
    const body = callBody(id)
    const signature = signatureHeader(change.key ?? testKey, body, change.at ?? nowSeconds())
    const headers = { 'content-type': 'application/json', 'x-inngest-signature': signature }
    return send({
      port: gateway.port,
      target: change.target ?? callTarget,
      headers,
      body: change.body ?? body,
    })
  }

  it('runs the function for a signed call and returns its signed answer', async () => {
    const before = app.runs()
    const answer = await call('a1')
    expect(answer.body).toContain('hello from the function')
    expect(answer.status).toBe(200)
    expect(answer.headers['x-inngest-sdk']).toMatch(/^inngest-js:/)
    expect(answer.headers['x-inngest-signature']).toMatch(/^t=\d+&s=[0-9a-f]{64}$/)
    expect(app.runs()).toBe(before + 1)
    expect(lastReason()).toBe('none')
  })

  it('admits the fallback key and says which key matched', async () => {
    const answer = await call('a2', { key: fallbackKey })
    expect(answer.status).toBe(200)
    expect(gateway.logLines.at(-1)).toMatchObject({ decision: 'admitted', key_slot: 1 })
  })

  it('answers an unsigned sync of a dashboard as without the gateway', async () => {
    const route = { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }] }
    const allowing = await startTestGateway(app.url, {
      routes: [
        {
          ...route,
          serveOrigin: 'https://app.example.com',
          unsignedPut: { allowFrom: ['127.0.0.1/32'] },
        },
      ],
    })
    const body = '{"url":"https://app.example.com/api/inngest"}'
    const sync = { method: 'PUT', headers: { 'content-type': 'application/json' }, body }
    const before = app.reached.length
    const behind = await send({ port: allowing.port, ...sync })
    expect(app.reached.slice(before)).toEqual(['PUT /api/inngest'])
    const straight = await send({ port: Number(new URL(app.url).port), ...sync })
    await allowing.stop()
    // The app cannot register itself: nothing listens at the address that it has of Inngest.
    expect(behind.status).toBe(500)
    expect(behind.body).toContain('register')
    expect([behind.status, behind.body]).toEqual([straight.status, straight.body])
    expect(allowing.logLines.at(-1)).toMatchObject({ decision: 'admitted', unsigned: true })
  })

  it('passes a signed introspection and a signed sync on', async () => {
    const headers = { 'x-inngest-signature': signatureHeader(testKey, '', nowSeconds()) }
    const introspection = await send({ port: gateway.port, method: 'GET', headers })
    expect(introspection.status).toBe(200)
    const wire = '{"url":"http://localhost/api/inngest?a=1\\u0026b=2"}'
    const canonical = '{"url":"http://localhost/api/inngest?a=1&b=2"}'
    const signature = signatureHeader(testKey, canonical, nowSeconds())
    const sync = await send({
      port: gateway.port,
      method: 'PUT',
      body: wire,
      headers: { 'content-type': 'application/json', 'x-inngest-signature': signature },
    })
    expect(gateway.logLines.at(-1)).toMatchObject({ decision: 'admitted', method: 'PUT' })
    expect(sync.headers['x-inngest-sdk']).toBeDefined()
  })

  it('lets no byte of a refused request reach the app', async () => {
    const spent = await call('a3')
    expect(spent.status).toBe(200)
    const before = app.reached.length
    const rows: [string, Promise<{ status: number }>, number, string][] = []
    const expectRefused = async (
      what: string,
      sent: Promise<{ status: number }>,
      status: number,
      reason: string,
    ) => {
      const answer = await sent
      rows.push([what, sent, status, reason])
      expect([what, answer.status, lastReason()]).toEqual([what, status, reason])
    }
    await expectRefused('tampered', call('a4', { body: callBody('a5') }), 401, 'signature_mismatch')
    await expectRefused(
      'wrong key',
      call('a6', { key: 'signkey-test-beef' }),
      401,
      'signature_mismatch',
    )
    await expectRefused('expired', call('a7', { at: nowSeconds() - 301 }), 401, 'timestamp_too_old')
    await expectRefused(
      'future',
      call('a8', { at: nowSeconds() + 301 }),
      401,
      'timestamp_in_future',
    )
    await expectRefused(
      'replayed',
      call('a3', { target: '/api/inngest?fnId=shop-hello&stepId=other' }),
      409,
      'replayed',
    )
    await expectRefused(
      'probe',
      call('a3', { target: `${callTarget}&probe=trust` }),
      400,
      'target_ambiguous',
    )
    await expectRefused(
      'repeated',
      call('a9', { target: `${callTarget}&step%49d=x` }),
      400,
      'target_ambiguous',
    )
    const port = gateway.port
    await expectRefused('unsigned PUT', send({ port, method: 'PUT' }), 401, 'sync_unsigned')
    await expectRefused('PATCH', send({ port, method: 'PATCH' }), 405, 'method_not_allowed')
    await expectRefused('path', send({ port, target: '/api/inngest/' }), 404, 'route_not_found')
    const body = 'x'
    await expectRefused('GET body', send({ port, method: 'GET', body }), 400, 'body_not_allowed')
    expect(app.reached.length).toBe(before)
    expect(rows).toHaveLength(11)
  })

  it('refuses an address outside the allowlist before it looks at anything else', async () => {
    const narrow = await startTestGateway(app.url, { allowlist: ['inngest'] })
    const before = app.reached.length
    const spoofed = await send({
      port: narrow.port,
      headers: { 'x-forwarded-for': '3.140.194.254' },
    })
    expect(spoofed.status).toBe(403)
    expect(narrow.logLines.at(-1)).toMatchObject({
      reason: 'client_not_allowed',
      client_ip: '127.0.0.1',
      client_ip_source: 'peer',
    })
    expect(app.reached.length).toBe(before)
    await narrow.stop()
  })

  it('believes X-Forwarded-For of a trusted proxy, right to left', async () => {
    const behind = await startTestGateway(app.url, {
      allowlist: ['inngest'],
      trustedProxies: ['127.0.0.1'],
    })
    const headers = { 'x-inngest-signature': signatureHeader(testKey, '', nowSeconds()) }
    const forward = (value: string) =>
      send({ port: behind.port, method: 'GET', headers: { ...headers, 'x-forwarded-for': value } })
    expect((await forward('203.0.113.9, 3.140.194.254')).status).toBe(200)
    expect((await forward('3.140.194.254, 203.0.113.9')).status).toBe(403)
    expect((await forward('3.140.194.254, junk')).status).toBe(403)
    await behind.stop()
  })
})
