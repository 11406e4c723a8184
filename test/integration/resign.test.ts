/** Requests that are forwarded with a new signature, by the one key that the app has. */
import { describe, expect, it } from 'vitest'

import { freshBody, startTarget, type Target } from '../support/attack.ts'
import { durableHost, freshIds } from '../support/durable-route.ts'
import { recordedKey, recordedRequests, recordedSignature } from '../support/recorded.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

const appKey = `signkey-prod-${'3d'.repeat(32)}`
const otherKey = `signkey-prod-${'4e'.repeat(32)}`

const bothKeys = [{ env: 'PRIMARY' }, { env: 'FALLBACK' }]

const route = (url: string, more: object) => ({
  name: 'app',
  upstream: url,
  signingKeys: bothKeys,
  ...more,
})

/** @param more of the route. */
function start(more: object, all: object = {}): Promise<Target> {
  return startTarget((url) => ({ routes: [route(url, more)], ...all }))
}

const startWithFile = (key: string, more: object = {}) =>
  start({ resignWith: { file: mountSecret({ key }).fileOf('key') }, ...more })

const nowSeconds = ({ gateway }: Target) => Math.floor(gateway.clock.wallMs / 1000)
const lastLine = ({ gateway }: Target) => gateway.logLines.findLast(({ msg }) => msg === 'request')

function call(target: Target, body: string, change: object = {}, key = testKey, signed = body) {
  const headers = { 'X-Inngest-Signature': signatureHeader(key, signed, nowSeconds(target)) }
  const query = '/api/inngest?fnId=f&stepId=step'
  return send({ port: target.gateway.port, target: query, body, headers, ...change })
}

async function statusOf(target: Target, body: string, sent: { headers: object }, key: string) {
  const signature = signatureHeader(key, body, nowSeconds(target))
  const headers = { ...sent.headers, 'X-Inngest-Signature': signature }
  return (await call(target, body, { ...sent, headers })).status
}

/** Values of the header, as the app gets them. */
function signaturesSeen({ upstream }: Target): string[] | undefined {
  const { fields = {} } = upstream.seen.at(-1) ?? {}
  const names = Object.keys(fields).filter((name) => name.toLowerCase() === 'x-inngest-signature')
  return names.flatMap((name) => fields[name] ?? [])
}

/** As an SDK verifies that has one key and takes the body as it arrives (inngest-kt). */
function isVerifiedByApp(target: Target, key: string): boolean {
  const [signature = '', ...others] = signaturesSeen(target) ?? []
  const seconds = Number(/^t=(\d+)&/.exec(signature)?.[1])
  const body = Buffer.from(target.upstream.seen.at(-1)?.body ?? '', 'latin1')
  return others.length === 0 && signature === signatureHeader(key, body, seconds)
}

describe('a verified request at a route with resignWith', () => {
  it.each([
    ['the first key', testKey, 0],
    ['the second key', fallbackKey, 1],
  ])(
    'is forwarded with one signature by the key of the app, if it was signed by %s',
    async (_, key, slot) => {
      const target = await startWithFile(appKey)
      expect((await call(target, freshBody(), {}, key)).status).toBe(200)
      expect(isVerifiedByApp(target, appKey)).toBe(true)
      expect(signaturesSeen(target)?.[0]).toContain(`t=${String(nowSeconds(target))}&`)
      expect(lastLine(target)).toMatchObject({
        decision: 'admitted',
        key_slot: slot,
        resigned_with: expect.stringMatching(/^file:.*\/key$/) as string,
      })
    },
  )

  it('keeps its signature if the app has the key that verified it', async () => {
    const target = await startWithFile(testKey)
    await call(target, freshBody(), {}, testKey)
    expect(isVerifiedByApp(target, testKey)).toBe(true)
    expect(lastLine(target)?.['resigned_with']).toBeUndefined()
    await call(target, freshBody(), {}, fallbackKey)
    expect(isVerifiedByApp(target, testKey)).toBe(true)
    const metrics = await target.metrics()
    expect(metrics).toContain('inngest_gateway_resigned_requests_total{route="app"} 1\n')
  })

  it('has a signature over the canonical form, if that is forwarded', async () => {
    const target = await startWithFile(appKey)
    const body = freshBody()
    const changed = body.replace(':{', ' : {')
    expect((await call(target, changed, {}, testKey, body)).status).toBe(200)
    expect(target.upstream.seen.at(-1)?.body).toBe(body)
    expect(isVerifiedByApp(target, appKey)).toBe(true)
  })

  it.each([
    ['GET', '', '/api/inngest'],
    ['POST', '{}', '/api/inngest?probe=trust'],
    ['PUT', '{"url":"https://app.example.com/api/inngest"}', '/api/inngest'],
    [
      'POST',
      '{"ctx":{"run_id":"r"},"event":{"data":"Grüße 🌍"},"version":1}',
      '/api/inngest?fnId=f',
    ],
  ])('is re-signed whatever it is: %s %s', async (method, body, path) => {
    const target = await startWithFile(appKey)
    expect((await call(target, body, { method, target: path })).status).toBe(200)
    expect(isVerifiedByApp(target, appKey)).toBe(true)
  })

  it('is refused as a replay by the signature that it came with', async () => {
    const target = await startWithFile(appKey)
    const body = freshBody()
    expect((await call(target, body)).status).toBe(200)
    expect((await call(target, body)).status).toBe(409)
    // What the app gets opens nothing here: the gateway does not verify with the key of the app.
    expect((await call(target, freshBody(), {}, appKey)).status).toBe(401)
    expect(lastLine(target)).toMatchObject({ reason: 'signature_mismatch', diagnosis: 'other_key' })
    expect(target.upstream.seen).toHaveLength(1)
  })

  it.each([
    ['a call', 'POST', freshBody(), '/api/inngest?fnId=f&stepId=step'],
    ['a probe', 'POST', '{}', '/api/inngest?probe=trust'],
    ['a sync', 'PUT', '{"url":"http://app.example.com/api/inngest"}', '/api/inngest'],
  ])(
    'is refused as a replay by the signature that the app gets: %s',
    async (_, method, body, path) => {
      const target = await startWithFile(testKey)
      const sent = { method, target: path, headers: { host: 'app.example.com' } }
      expect(await statusOf(target, body, sent, fallbackKey)).toBe(200)
      expect(isVerifiedByApp(target, testKey)).toBe(true)
      // As captured behind the gateway, where no claim has seen it.
      expect(await statusOf(target, body, sent, testKey)).toBe(method === 'PUT' ? 403 : 409)
      expect(target.upstream.seen).toHaveLength(1)
    },
  )

  it('may come once more after its claim was given back', async () => {
    const target = await startWithFile(testKey)
    target.upstream.stop()
    const body = freshBody()
    expect((await call(target, body, {}, fallbackKey)).status).toBe(502)
    expect((await call(target, body, {}, fallbackKey)).status).toBe(502)
  })

  it('is what a real server sent, every recorded request', async () => {
    const secret = mountSecret({ key: appKey })
    const begin = recordedRequests[0]?.receivedAtMs ?? 0
    const target = await startTarget()
    const gateway = await startTestGateway(
      target.upstream.url,
      { routes: [route(target.upstream.url, { resignWith: { file: secret.fileOf('key') } })] },
      begin,
      { primary: recordedKey, fallback: 'unused' },
    )
    for (const recorded of recordedRequests) {
      const { method, target: path, body } = recorded
      gateway.clock.wallMs = recorded.receivedAtMs
      const headers = Object.fromEntries(recorded.headers.filter(([name]) => name !== 'Connection'))
      expect((await send({ port: gateway.port, method, target: path, headers, body })).status).toBe(
        200,
      )
      expect(isVerifiedByApp(target, appKey)).toBe(true)
      const [time] = recordedSignature(recorded).split('&')
      expect(signaturesSeen(target)?.[0]?.split('&')[0]).toBe(time)
    }
    await gateway.stop()
  })
})

describe('a request that was not verified, at a route with resignWith', () => {
  const unverified = { checks: { signature: 'report' } }

  it.each([
    ['a forged signature', (target: Target) => signatureHeader(otherKey, '{}', nowSeconds(target))],
    ['a malformed signature', () => 'junk'],
  ])('is forwarded in report mode as it came, with %s', async (_, signatureOf) => {
    const target = await startWithFile(appKey, unverified)
    const signature = signatureOf(target)
    const headers = { 'x-inngest-signature': signature }
    expect((await call(target, '{}', { headers })).status).toBe(200)
    expect(signaturesSeen(target)).toEqual([signature])
    expect(lastLine(target)?.['resigned_with']).toBeUndefined()
  })

  it('gets no signature if it has none', async () => {
    const target = await startWithFile(appKey, unverified)
    expect((await call(target, '{}', { headers: {} })).status).toBe(200)
    expect(signaturesSeen(target)).toEqual([])
  })

  it.each(['GET', 'PUT'])('gets none if the route admits an unsigned %s', async (method) => {
    const allowed = { allowFrom: ['127.0.0.1'] }
    const serveOrigin = 'https://app.example.com'
    const more = { unsignedGet: allowed, unsignedPut: allowed, serveOrigin }
    const target = await startWithFile(appKey, more)
    const sent = { method, target: '/api/inngest', headers: {} }
    expect((await call(target, '', sent)).status).toBe(200)
    expect(signaturesSeen(target)).toEqual([])
    expect(lastLine(target)).toMatchObject({ unsigned: true })
  })
})

describe('the key of resignWith', () => {
  it('is replaced by a reload when its file changes, without a restart', async () => {
    const secret = mountSecret({ key: appKey })
    const target = await start({ resignWith: { file: secret.fileOf('key') } })
    await call(target, freshBody())
    expect(isVerifiedByApp(target, appKey)).toBe(true)
    secret.put({ key: otherKey })
    const reloaded = async () =>
      (await target.metrics()).includes('config_reloads_total{result="success"} 1')
    await expect.poll(reloaded, { timeout: 10_000 }).toBe(true)
    await call(target, freshBody())
    expect(isVerifiedByApp(target, otherKey)).toBe(true)
  })

  it('is kept when its file holds no key any more', async () => {
    const secret = mountSecret({ key: appKey })
    const target = await start({ resignWith: { file: secret.fileOf('key') } })
    secret.put({ key: '' })
    target.gateway.reload()
    await call(target, freshBody())
    expect(isVerifiedByApp(target, appKey)).toBe(true)
  })

  it('is on no log line, in no metric and not on the status page', async () => {
    const statusPage = { enabled: true }
    const ops = { host: '127.0.0.1', port: 0, statusPage }
    const secret = mountSecret({ key: appKey })
    const target = await start({ resignWith: { file: secret.fileOf('key') } }, { ops })
    await call(target, freshBody())
    const page = await send({ port: target.gateway.opsPort, method: 'GET', target: '/status.json' })
    const [made = ''] = signaturesSeen(target) ?? []
    const texts = [JSON.stringify(target.gateway.logLines), await target.metrics(), page.body]
    expect(page.body).toContain('re-signed with file:')
    for (const text of texts) {
      expect(text).not.toContain('3d3d')
      expect(text).not.toContain(made.slice(-64))
    }
  })
})

describe('a durable route with resignWith', () => {
  const durable = (url: string, key: string) => ({
    routes: [
      {
        name: 'endpoints',
        policy: 'durable',
        path: '/endpoints',
        host: durableHost,
        upstream: url,
        signingKeys: [{ env: 'FALLBACK' }],
        resignWith: { file: mountSecret({ key }).fileOf('key') },
      },
    ],
  })

  it('re-signs re-entries, over the body as it came, and nothing of a user', async () => {
    const target = await startTarget((url) => durable(url, appKey))
    const body = '{ "b": 1, "a": 2 }'
    const signature = signatureHeader(fallbackKey, body, nowSeconds(target))
    const headers = { host: durableHost, ...freshIds(), 'x-inngest-signature': signature }
    const sent = { target: '/endpoints/a', headers }
    expect((await call(target, body, sent)).status).toBe(200)
    expect(target.upstream.seen.at(-1)?.body).toBe(body)
    expect(isVerifiedByApp(target, appKey)).toBe(true)
    const user = { target: '/endpoints/a', headers: { host: durableHost } }
    expect((await call(target, body, user)).status).toBe(200)
    expect(signaturesSeen(target)).toEqual([])
  })

  it('refuses a re-entry with the signature that the app got', async () => {
    const target = await startTarget((url) => {
      const { routes } = durable(url, testKey)
      return { routes: routes.map((each) => ({ ...each, signingKeys: bothKeys })) }
    })
    const body = freshBody()
    const sent = { target: '/endpoints/a', headers: { host: durableHost, ...freshIds() } }
    expect(await statusOf(target, body, sent, fallbackKey)).toBe(200)
    expect(isVerifiedByApp(target, testKey)).toBe(true)
    expect(await statusOf(target, body, sent, testKey)).toBe(409)
  })
})
