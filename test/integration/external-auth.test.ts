/**
 * Proxies that ask before they pass a request on, as Envoy and Traefik do. Neither can be had from
 * Debian's packages; their questions are made here as their documentation and source have them
 * (Envoy `ext_authz_http_impl.cc`, Traefik `forward.go`).
 */
import { afterEach, describe, expect, it } from 'vitest'

import {
  ALLOWED,
  asEnvoy,
  askers,
  asTraefik,
  freshBody,
  NOBODY,
  signed,
  startAsked,
  stopAll,
} from '../support/askers.ts'
import { sendRaw } from '../support/raw.ts'
import { send } from '../support/sender.ts'

afterEach(stopAll)

describe.each(askers)('a question of $name', ({ protocol, ask }) => {
  it('is refused for a durable route, for users and re-entries', async () => {
    const route = { name: 'endpoints', policy: 'durable', host: 'app.example', upstream: NOBODY }
    const routes = [{ ...route, signingKeys: [{ env: 'PRIMARY' }] }]
    const gateway = await startAsked({ protocol }, { routes })
    for (const fields of [{}, { 'x-run-id': 'a' }]) {
      expect((await ask(gateway, { target: '/a', isSigned: false, fields })).status).toBe(404)
    }
    const lines = gateway.logLines.filter(({ msg }) => msg === 'request')
    expect(lines).toMatchObject([
      { reason: 'durable_inline_only', durable: 'user' },
      { reason: 'durable_inline_only', durable: 'reentry' },
    ])
  })

  it('is answered with 200 for a verified call, once', async () => {
    const gateway = await startAsked({ protocol })
    const body = freshBody()
    expect((await ask(gateway, { body })).status).toBe(200)
    expect((await ask(gateway, { body })).status).toBe(409)
    expect(gateway.logLines.filter(({ msg }) => msg === 'request')).toMatchObject([
      {
        decision: 'admitted',
        external_auth: true,
        method: 'POST',
        path: '/api/inngest',
        client_ip: ALLOWED,
      },
      { decision: 'refused', reason: 'replayed', external_auth: true },
    ])
  })

  it.each([
    ['signature_mismatch', { body: '{"a":1}', signed: '{"a":2}' }, 401],
    ['client_not_allowed', { body: '{}', client: '198.51.100.1' }, 403],
    ['route_not_found', { body: '{}', target: '/other' }, 404],
    ['method_not_allowed', { body: '{}', method: 'DELETE' }, 405],
    ['body_missing', { signed: '{"a":1}' }, 400],
    ['body_missing', { signed: '{"a":1}', method: 'PUT' }, 400],
    ['introspection_mismatch', { signed: '{"a":1}', method: 'GET' }, 401],
  ])('is refused: %s', async (reason, asked, status) => {
    const gateway = await startAsked({ protocol })
    expect((await ask(gateway, asked)).status).toBe(status)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason, external_auth: true })
  })

  it('believes nobody but a trusted proxy', async () => {
    const gateway = await startAsked({ protocol }, { trustedProxies: ['127.0.0.2/32'] })
    expect((await ask(gateway, { body: freshBody() })).status).toBe(403)
    expect(gateway.logLines.at(-1)).toMatchObject({ client_ip: '127.0.0.1' })
  })

  it('spends the signature for the traffic listener, too', async () => {
    const gateway = await startAsked({ protocol }, { allowlist: [ALLOWED, '127.0.0.9/32'] })
    const body = freshBody()
    expect((await ask(gateway, { body })).status).toBe(200)
    const headers = signed(gateway, { body })
    const inline = await send({ port: gateway.port, headers, body, from: '127.0.0.9' })
    expect(inline.status).toBe(409)
  })

  it('lets a passthrough route pass, and nothing that means the Inngest one', async () => {
    const routes = [
      { name: 'app', upstream: NOBODY, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'rest', upstream: NOBODY, policy: 'passthrough' },
    ]
    const gateway = await startAsked({ protocol }, { routes })
    const open = { method: 'GET', target: '/health', isSigned: false }
    expect((await ask(gateway, open)).status).toBe(200)
    expect((await ask(gateway, { target: '/api/./inngest', body: '{}' })).status).toBe(404)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'path_ambiguous' })
  })
})

describe('what a proxy that only asks would leave on', () => {
  const hostile = { x_forwarded_for: '1.2.3.4', 'x-http-method-override': 'PUT' }

  it('is named to Envoy, which takes it off', async () => {
    const gateway = await startAsked({ protocol: 'ext_authz' })
    const fields = { ...hostile, 'x-real-ip': '1.2.3.4', 'x-mine': 'kept' }
    const answer = await asEnvoy(gateway, { body: freshBody(), fields })
    expect(answer.status).toBe(200)
    expect(answer.headers['x-envoy-auth-headers-to-remove']).toBe(
      'x_forwarded_for,x-http-method-override,x-real-ip',
    )
  })

  it.each(Object.entries(hostile))('is refused of Traefik: %s', async (name, value) => {
    const gateway = await startAsked({ protocol: 'forward_auth' })
    const answer = await asTraefik(gateway, { body: freshBody(), fields: { [name]: value } })
    expect(answer.status).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'header_not_removable' })
  })

  it('is refused of Traefik on a passthrough route, where it speaks as Inngest', async () => {
    const routes = [{ name: 'rest', upstream: NOBODY, policy: 'passthrough' }]
    const gateway = await startAsked({ protocol: 'forward_auth' }, { routes })
    const asked = { method: 'GET', target: '/', fields: { 'x-run-id': 'a' } }
    expect((await asTraefik(gateway, asked)).status).toBe(400)
  })

  it('does not hold up what Traefik says of the client itself', async () => {
    const gateway = await startAsked({ protocol: 'forward_auth' })
    const fields = { 'x-real-ip': ALLOWED }
    expect((await asTraefik(gateway, { body: freshBody(), fields })).status).toBe(200)
  })
})

describe('the authorizer', () => {
  it('answers a question about a HEAD with a whole answer', async () => {
    const gateway = await startAsked({ protocol: 'forward_auth' })
    const answer = await asTraefik(gateway, { method: 'HEAD' })
    expect(answer.status).toBe(405)
    expect(answer.body.length).toBe(Number(answer.headers['content-length']))
  })

  it('says what is missing if it is asked in another form', async () => {
    const gateway = await startAsked({ protocol: 'forward_auth' })
    expect((await asEnvoy(gateway, { body: freshBody() })).status).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'authorization_request_unclear' })
  })

  it('is not where metrics or the app are', async () => {
    const gateway = await startAsked({ protocol: 'ext_authz' })
    for (const target of ['/metrics', '/readyz', '/']) {
      expect((await asEnvoy(gateway, { method: 'GET', target })).status).toBe(404)
    }
  })

  it('waits for a head no longer than the traffic listener does', async () => {
    const limits = { headersTimeout: '300ms' }
    const gateway = await startAsked({ protocol: 'ext_authz' }, { limits })
    const answer = await sendRaw(gateway.externalAuthPort, 'GET /api/inngest HTTP/1.1\r\n', {
      waitMs: 10_000,
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })
})
