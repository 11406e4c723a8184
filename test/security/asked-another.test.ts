/**
 * A proxy that asks for authorization forwards the request itself, and could forward another one than it
 * asked about: with a body that the gateway has not seen, with a `Host` or headers that the gateway would
 * have rewritten inline, or with a number that only the signed spelling has.
 */
import { afterEach, describe, expect, it } from 'vitest'

import {
  ALLOWED,
  asEnvoy,
  askers,
  asTraefik,
  freshBody,
  NOBODY,
  startAsked,
  stopAll,
  type Asked,
} from '../support/askers.ts'
import type { TestGateway } from '../support/test-gateway.ts'

afterEach(stopAll)

const app = { name: 'app', upstream: NOBODY, signingKeys: [{ env: 'PRIMARY' }] }
const origin = { serveOrigin: 'https://app.example' }

/** How many signatures have been spent. */
async function spent(gateway: TestGateway): Promise<number> {
  const text = await gateway.metricsText()
  return Number(/^inngest_gateway_replay_cache_entries (\d+)$/m.exec(text)?.[1])
}

describe.each(askers)('a question of $name', ({ protocol, ask, host }) => {
  const startPinned = () =>
    startAsked(
      { protocol },
      { routes: [{ ...app, ...origin, unsignedPut: { allowFrom: ['203.0.113.9'] } }] },
    )

  it.each([
    ['a signed sync', { method: 'PUT' }],
    ['an unsigned sync', { method: 'PUT', isSigned: false, client: '203.0.113.9' }],
    ['an introspection', { method: 'GET' }],
    ['a call', { body: freshBody() }],
  ])('is refused about %s unless Host is that of serveOrigin', async (_, asked: Asked) => {
    const gateway = await startPinned()
    const target = '/api/inngest'
    for (const other of ['evil.example', 'app.example:8443']) {
      const answer = await ask(gateway, { ...asked, target, fields: { [host]: other } })
      expect(answer.status).toBe(404)
      expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'host_not_served' })
    }
    expect(await spent(gateway)).toBe(0)
    const fields = { [host]: 'APP.example.:443' }
    expect((await ask(gateway, { ...asked, target, fields })).status).toBe(200)
  })

  it('is held to its serveOrigin about a passthrough route too', async () => {
    const routes = [{ name: 'rest', upstream: NOBODY, policy: 'passthrough', ...origin }]
    const gateway = await startAsked({ protocol }, { routes })
    const asked = { method: 'GET', target: '/', isSigned: false }
    expect((await ask(gateway, { ...asked, fields: { [host]: 'evil.example' } })).status).toBe(404)
    expect((await ask(gateway, asked)).status).toBe(200)
  })

  it('is refused about a call without its body, whatever signature of nothing is there', async () => {
    const gateway = await startAsked({ protocol })
    for (const target of ['/api/inngest?fnId=f', '/api/inngest?fnId=g&stepId=s']) {
      expect((await ask(gateway, { target, body: '' })).status).toBe(400)
      expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'body_missing' })
    }
    expect(await spent(gateway)).toBe(0)
  })

  it('is admitted once about a trust probe without a body, by a signature of nothing', async () => {
    const gateway = await startAsked({ protocol })
    const target = '/api/inngest?probe=trust'
    expect((await ask(gateway, { target, body: '' })).status).toBe(200)
    expect((await ask(gateway, { target, body: '' })).status).toBe(409)
    expect((await ask(gateway, { target, signed: '{}' })).status).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'body_missing' })
    expect((await ask(gateway, { target: `${target}&fnId=f`, body: '' })).status).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'body_missing' })
  })

  it('is refused as inline about another use of a signature', async () => {
    const gateway = await startAsked({ protocol }, { checks: { runId: 'off' } })
    const body = '{"url":"https://app.example/api/inngest"}'
    const sync = { method: 'PUT', target: '/api/inngest', body }
    expect((await ask(gateway, sync)).status).toBe(200)
    expect((await ask(gateway, { ...sync, target: '/api/inngest?deployId=1' })).status).toBe(403)
    expect((await ask(gateway, { body })).status).toBe(409)
    expect((await ask(gateway, { method: 'GET', target: '/api/inngest' })).status).toBe(200)
    expect((await ask(gateway, { method: 'PUT', target: '/api/inngest' })).status).toBe(200)
    expect(gateway.logLines.at(-1)).toMatchObject({ report_only: ['sync_body_missing'] })
  })

  it('is held to the signed ids about a call, and claims nothing where they contradict', async () => {
    const gateway = await startAsked({ protocol })
    const body = freshBody()
    expect((await ask(gateway, { body, fields: { 'x-run-id': 'other' } })).status).toBe(401)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'run_id_mismatch' })
    expect((await ask(gateway, { body: '{"a":1}', fields: { 'x-run-id': 'run' } })).status).toBe(
      401,
    )
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'run_id_missing' })
    expect(await spent(gateway)).toBe(0)
    expect((await ask(gateway, { body, fields: { 'x-run-id': 'run' } })).status).toBe(200)
  })

  it('is admitted about a call without its body where signatures are only reported', async () => {
    const gateway = await startAsked({ protocol }, { checks: { signature: 'report' } })
    expect((await ask(gateway, { signed: '{}' })).status).toBe(200)
    expect(gateway.logLines.at(-1)).toMatchObject({
      report_only: ['body_missing', 'signature_mismatch'],
    })
  })

  it('is refused about an unsigned sync unless its body is that of one', async () => {
    const gateway = await startPinned()
    const base = { method: 'PUT', isSigned: false, client: '203.0.113.9', target: '/api/inngest' }
    const sync = { ...base, fields: { 'content-type': 'application/json' } }
    expect((await ask(gateway, { ...sync, body: '{}' })).status).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'sync_body_unexpected' })
    const long = JSON.stringify({ url: 'x'.repeat(4096) })
    expect((await ask(gateway, { ...sync, body: long })).status).toBe(401)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'sync_unsigned' })
    const body = '{"url":"https://app.example/api/inngest"}'
    expect((await ask(gateway, { ...sync, body })).status).toBe(200)
  })

  const withNumber = (id: string, number: string) =>
    `{"ctx":{"request_id":"${id}","run_id":"run"},"event":{"data":{"id":${number}}}}`

  it.each([
    ['1234567890123456800', '1234567890123456789'],
    ['9007199254740992', '9007199254740993'],
    ['0.1', '0.10000000000000001'],
    ['0', '1e-400'],
    ['0', '-0'],
  ])('is refused about a body with %s signed and %s in it', async (number, other) => {
    const gateway = await startAsked({ protocol })
    const text = withNumber('number', number)
    const asked = { signed: text, body: withNumber('number', other) }
    expect((await ask(gateway, asked)).status).toBe(401)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'signature_mismatch' })
    expect(await spent(gateway)).toBe(0)
    const same = { signed: text, body: ` ${text.replace('request_id', 'request\\u005fid')}` }
    expect((await ask(gateway, same)).status).toBe(200)
  })

  it('is held to the numbers of a long body too', async () => {
    const gateway = await startAsked({ protocol })
    const padding = ' '.repeat(100_000)
    const signed = withNumber('long', '9007199254740992')
    const body = padding + withNumber('long', '9007199254740993')
    expect((await ask(gateway, { signed, body })).status).toBe(401)
    expect((await ask(gateway, { signed, body: padding + signed })).status).toBe(200)
  })
})

describe('what the asking proxy would leave on', () => {
  const asserted = {
    forwarded: 'host=evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-prefix': '/evil',
    'x-forwarded-scheme': 'http',
    'true-client-ip': '1.2.3.4',
    via: '1.1 evil',
  }

  it('is named to Envoy, but for what it writes anew', async () => {
    const gateway = await startAsked({ protocol: 'ext_authz' })
    const fields = { ...asserted, 'x-forwarded-proto': 'https', 'x-request-id': 'a' }
    const answer = await asEnvoy(gateway, { body: freshBody(), fields })
    expect(answer.status).toBe(200)
    const named = String(answer.headers['x-envoy-auth-headers-to-remove']).split(',')
    expect(named.sort()).toEqual(Object.keys(asserted).sort())
  })

  it.each(['forwarded', 'true-client-ip', 'cf-connecting-ip', 'x-forwarded-scheme', 'x_real_ip'])(
    'is refused of Traefik before anything is spent: %s',
    async (name) => {
      const gateway = await startAsked({ protocol: 'forward_auth' })
      const body = freshBody()
      const refused = await asTraefik(gateway, { body, fields: { [name]: 'evil' } })
      expect(refused.status).toBe(400)
      expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'header_not_removable' })
      expect((await asTraefik(gateway, { body })).status).toBe(200)
    },
  )

  it('is not what Traefik writes itself', async () => {
    const gateway = await startAsked({ protocol: 'forward_auth' })
    const fields = {
      'x-forwarded-port': '443',
      'x-forwarded-prefix': '/stripped',
      'x-forwarded-server': 'traefik',
      'x-real-ip': ALLOWED,
      via: '1.1 cdn',
    }
    expect((await asTraefik(gateway, { body: freshBody(), fields })).status).toBe(200)
  })
})

describe('a question in the form of Traefik', () => {
  it('is no question about the path that it is sent to', async () => {
    const rest = { name: 'rest', upstream: NOBODY, policy: 'passthrough' }
    const gateway = await startAsked({ protocol: 'ext_authz' }, { routes: [app, rest] })
    expect((await asTraefik(gateway, { body: freshBody() })).status).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'authorization_request_unclear' })
  })
})
