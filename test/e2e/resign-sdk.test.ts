/** The real SDK with one signing key, while Inngest signs with another one, as in a rotation. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { mountSecret } from '../support/secret-mount.ts'
import { callBody, callTarget, startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader, type Answer } from '../support/sender.ts'
import {
  fallbackKey,
  startTestGateway,
  testKey,
  type TestGateway,
} from '../support/test-gateway.ts'

const appKey = `signkey-prod-${'3d'.repeat(32)}`

describe('an app of the real SDK that has only the key of resignWith', () => {
  let app: SdkApp
  const stops: (() => Promise<void>)[] = []

  beforeAll(async () => {
    // The SDK writes there each call that it refuses.
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    app = await startSdkApp(appKey, undefined)
  })
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })
  afterAll(() => {
    app.stop()
    vi.restoreAllMocks()
  })

  async function start(more: object): Promise<TestGateway> {
    const keys = [{ env: 'PRIMARY' }, { env: 'FALLBACK' }]
    const route = { name: 'app', upstream: app.url, apps: ['shop'], signingKeys: keys }
    const gateway = await startTestGateway('', { routes: [{ ...route, ...more }] })
    stops.push(() => gateway.stop())
    return gateway
  }

  const startResigning = () =>
    start({ resignWith: { file: mountSecret({ key: appKey }).fileOf('key') } })

  interface Sent {
    readonly method?: string
    readonly target?: string
    readonly body: string
    /** What Inngest signed, if a proxy changed the body after that. */
    readonly signed?: string
    readonly key: string
    readonly fields?: Record<string, string>
  }

  function asInngest({ port, clock }: TestGateway, sent: Sent): Promise<Answer> {
    const { body, signed = body, key, fields, ...rest } = sent
    const signature = signatureHeader(key, signed, Math.floor(clock.wallMs / 1000))
    const headers = {
      'content-type': 'application/json',
      'x-inngest-signature': signature,
      ...fields,
    }
    return send({ port, target: callTarget, body, headers, ...rest })
  }

  it.each([
    ['old', testKey],
    ['new', fallbackKey],
  ])('runs its functions for calls by the %s key of Inngest', async (which, key) => {
    const gateway = await startResigning()
    const before = app.runs()
    const answer = await asInngest(gateway, { body: callBody(`a-${which}`), key })
    expect([answer.status, answer.body]).toEqual([200, '"hello from the function"'])
    expect(app.runs()).toBe(before + 1)
    // The app signs its response with the key that it has.
    const signature = String(answer.headers['x-inngest-signature'])
    const seconds = Number(/^t=(\d+)&/.exec(signature)?.[1])
    expect(signature).toBe(signatureHeader(appKey, answer.body, seconds))
  })

  it('refuses the same call without resignWith', async () => {
    const gateway = await start({})
    const before = app.runs()
    const answer = await asInngest(gateway, { body: callBody('b'), key: testKey })
    expect(answer.status).toBe(401)
    const line = gateway.logLines.at(-1)
    expect(line).toMatchObject({ decision: 'admitted', upstream_status: 401 })
    expect(app.runs()).toBe(before)
  })

  it('accepts a call that a proxy re-encoded, a sync and a trust probe', async () => {
    const gateway = await startResigning()
    const signed = callBody('c')
    const call = await asInngest(gateway, { body: ` ${signed} `, signed, key: testKey })
    expect([call.status, call.body]).toEqual([200, '"hello from the function"'])
    const url = 'http://localhost/api/inngest?a=1&b=2'
    const sync = await asInngest(gateway, {
      method: 'PUT',
      target: '/api/inngest',
      body: JSON.stringify({ url }).replace('&', '\\u0026'),
      signed: JSON.stringify({ url }),
      key: testKey,
      fields: { 'x-inngest-sync-kind': 'in_band' },
    })
    expect(sync.status).toBe(200)
    expect(JSON.parse(sync.body)).toMatchObject({ app_id: 'shop' })
    const probe = { target: '/api/inngest?probe=trust', body: '{}', key: testKey }
    expect((await asInngest(gateway, probe)).status).toBe(200)
  })

  it('answers an introspection as one that was signed by its key', async () => {
    const sent = { method: 'GET', target: '/api/inngest', body: '', key: testKey }
    const answer = await asInngest(await startResigning(), sent)
    expect(JSON.parse(answer.body)).toMatchObject({ authentication_succeeded: true })
    const without = await asInngest(await start({}), sent)
    expect(without.body).not.toContain('"authentication_succeeded":true')
  })
})
