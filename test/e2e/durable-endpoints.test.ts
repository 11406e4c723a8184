/** The real JS SDK behind `policy: durable`: users and re-entries are let through, and nothing else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { startJsApp, type JsApp } from '../support/durable/js-app.ts'
import { reEntryOf, type ReEntry } from '../support/durable/re-entry.ts'
import { host, startScene, type DurableScene, type SceneOptions } from '../support/durable/scene.ts'
import { send, type SentRequest } from '../support/sender.ts'
import { fallbackKey, testKey } from '../support/test-gateway.ts'

const otherHost = 'other.example.com'
const route = { policy: 'durable', path: '/orders', signingKeys: [{ env: 'PRIMARY' }] }

let scene: DurableScene<JsApp>
afterEach(() => scene.stop())

async function start(more: Partial<SceneOptions<JsApp>> = {}): Promise<void> {
  scene = await startScene({ startApp: startJsApp, route, ...more })
}

const toGateway = (request: Omit<SentRequest, 'port'>) =>
  send({ port: scene.port, ...request, headers: { host, ...request.headers } })

const lastReason = () => scene.gateway?.logLines.at(-1)?.['reason']

describe('a durable endpoint behind the gateway', () => {
  it('ends its run, and its user gets the result from Inngest', async () => {
    await start()
    const { app, inngest } = scene
    const user = await toGateway({ method: 'GET', target: '/orders?parallel=3&note=a%20b' })
    expect([user.status, user.headers['x-inngest-sdk']]).toEqual([302, undefined])
    const result = new URL(user.headers.location ?? '')
    expect(result.origin).toBe(inngest.url)
    await inngest.idle()
    expect(inngest.sent.map(({ answer: { status } }) => status)).toEqual(Array(7).fill(206))
    expect(inngest.runs).toHaveLength(1)
    expect(Object.fromEntries(app.ran)).toEqual({
      reserve: 1,
      charge: 1,
      'parcel-0': 1,
      'parcel-1': 1,
      'parcel-2': 1,
      ship: 1,
    })
    const target = `${result.pathname}${result.search}`
    const output = await send({ port: Number(result.port), method: 'GET', target })
    expect([output.status, output.body]).toEqual([200, expect.stringContaining('ship done')])
  })

  it('sees nothing of Inngest in a request of a user, and all of it in a re-entry', async () => {
    await start()
    await toGateway({ method: 'GET', target: '/orders' })
    await scene.inngest.idle()
    const [user, ...reEntries] = scene.app.reached
    expect(Object.keys(user?.headers ?? {}).filter(isOfInngest)).toEqual([])
    expect(reEntries).toHaveLength(3)
    for (const [at, { headers }] of reEntries.entries()) {
      const sent = scene.inngest.sent[at]?.headers ?? {}
      const kept = Object.entries(headers).filter(([name]) => isOfInngest(name))
      expect(Object.fromEntries(kept)).toEqual(
        Object.fromEntries(Object.entries(sent).filter(([name]) => isOfInngest(name))),
      )
      expect([headers.host, headers['user-agent']]).toEqual([host, 'Inngest'])
    }
    expect(scene.gateway?.logLines.map(({ durable }) => durable)).toEqual([
      'user',
      ...Array<string>(3).fill('reentry'),
    ])
  })

  it('gets the body of a re-entry as it was signed, by any method and of any type', async () => {
    for (const [method, type, body] of [
      ['POST', 'application/json', '{"a":1,"b":2}'],
      ['POST', 'application/json', '{"b": 1, "a": 2}'],
      ['POST', 'application/x-www-form-urlencoded', 'a=1&b=%20'],
      ['PATCH', 'text/plain', '{"a":'],
      ['DELETE', '', ''],
    ] as const) {
      await start({ limit: 0 })
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
      await toGateway({ method, target: '/orders?a=1', headers, body })
      const received = scene.app.receivedBytes()
      const reEntry = nextReEntry()
      expect([reEntry.method, reEntry.body]).toEqual([method, body])
      await toGateway(reEntry)
      expect(scene.app.reached).toHaveLength(2)
      expect(scene.app.receivedBytes()).toBeGreaterThan(received + body.length)
      expect(scene.gateway?.logLines.at(-1)).toMatchObject({ decision: 'admitted' })
      await scene.stop()
    }
    await start()
  })

  it('gets each of a hundred parallel re-entries once, although they share a signature', async () => {
    await start()
    const { app, inngest } = scene
    await toGateway({ method: 'GET', target: '/orders?parallel=100' })
    await inngest.idle()
    const steps = inngest.sent.filter(({ headers }) => 'x-inngest-step-id' in headers)
    expect(steps).toHaveLength(100)
    expect(new Set(steps.map(({ body }) => body))).toEqual(new Set(['']))
    expect(new Set(steps.map(({ headers }) => headers['x-inngest-signature'])).size).toBe(1)
    expect(new Set(steps.map(({ answer: { status } }) => status))).toEqual(new Set([206]))
    expect(inngest.runs.map(({ output }) => output?.status)).toEqual([200])
    expect(new Set(app.ran.values())).toEqual(new Set([1]))

    const received = app.receivedBytes()
    const again = await Promise.all(steps.map((step) => toGateway(step)))
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([409]))
    expect(app.receivedBytes()).toBe(received)
  })

  it.each([
    ['host', `http://${host}`, { host }],
    ['serveOrigin', `https://${host}`, { host: undefined, serveOrigin: `https://${host}` }],
  ])('has users and Inngest come back at its `%s`', async (_, origin, pinned) => {
    await start({
      startApp: (options) => startJsApp({ ...options, resultPage: '/result' }),
      route: { ...route, ...pinned },
    })
    const user = await toGateway({ method: 'GET', target: '/orders' })
    const result = new URL(user.headers.location ?? '')
    expect([user.status, result.origin, result.pathname]).toEqual([302, origin, '/result'])
    await scene.inngest.idle()
    expect(scene.inngest.runs.map(({ event }) => event.data.domain)).toEqual([origin])
    expect(scene.inngest.runs.map(({ output }) => output?.status)).toEqual([200])
  })
})

const isOfInngest = (name: string) => /^x-inngest-|^x-run-id$/.test(name)

/** One that Inngest has not sent so far. */
function nextReEntry({ key = testKey, ago = 0 } = {}): ReEntry {
  const [run] = scene.inngest.runs
  if (run === undefined) throw new Error('the app has reported no run')
  const atSeconds = Math.floor(Date.now() / 1000) - ago
  return reEntryOf(run, 'discovery', { key, dispatch: 1_000, atSeconds })
}

describe('a refused request for a durable endpoint', () => {
  type Change = (reEntry: ReEntry) => Omit<SentRequest, 'port'>

  const without =
    (name: string): Change =>
    ({ headers: { [name]: _, ...headers }, ...reEntry }) => ({ ...reEntry, headers })
  const withHeaders =
    (more: (reEntry: ReEntry) => Record<string, string | string[]>): Change =>
    (reEntry) => ({ ...reEntry, headers: { ...reEntry.headers, ...more(reEntry) } })
  const twice = (name: string): Change =>
    withHeaders(({ headers }) => ({ [name]: [headers[name] ?? '', headers[name] ?? ''] }))

  beforeEach(async () => {
    await start({ limit: 0 })
    await toGateway({ target: '/orders', body: '{"a":1}' })
  })

  it.each<[string, number, string, Change]>([
    ['is forged', 401, 'signature_mismatch', () => nextReEntry({ key: fallbackKey })],
    ['is stale', 401, 'timestamp_too_old', () => nextReEntry({ ago: 400 })],
    ['is signed in the future', 401, 'timestamp_in_future', () => nextReEntry({ ago: -400 })],
    ['has another body', 401, 'signature_mismatch', (sent) => ({ ...sent, body: '{"a":2}' })],
    ['has lost its body', 401, 'signature_mismatch', (sent) => ({ ...sent, body: '' })],
    ['is unsigned', 401, 'signature_missing', without('x-inngest-signature')],
    ['has no run id', 401, 'reentry_run_id_missing', without('x-run-id')],
    ['has two signatures', 401, 'signature_malformed', twice('x-inngest-signature')],
    ['has two run ids', 400, 'header_duplicated', twice('x-run-id')],
    ['has another Host', 404, 'route_not_found', withHeaders(() => ({ host: otherHost }))],
    [
      'is of a user with a run id',
      401,
      'signature_missing',
      () => ({ headers: { 'x-run-id': '01M8' } }),
    ],
    [
      'is of a user with a header of Inngest',
      401,
      'signature_missing',
      () => ({ headers: { 'x-inngest-env': 'a' } }),
    ],
    [
      'is of a user with another Host',
      404,
      'route_not_found',
      () => ({ headers: { host: otherHost } }),
    ],
  ])('%s, and no byte of it reaches the app', async (_, status, reason, change) => {
    const received = scene.app.receivedBytes()
    const honest = nextReEntry()
    const refused = await toGateway({ target: '/orders', ...change(honest) })
    expect([refused.status, lastReason()]).toEqual([status, reason])
    expect(scene.app.receivedBytes()).toBe(received)
    expect((await toGateway(honest)).status).toBe(206)
  })

  it('repeats a re-entry, and no byte of it reaches the app', async () => {
    const honest = nextReEntry()
    expect((await toGateway(honest)).status).toBe(206)
    const received = scene.app.receivedBytes()
    expect([(await toGateway(honest)).status, lastReason()]).toEqual([409, 'replayed'])
    expect(scene.app.receivedBytes()).toBe(received)
  })

  it('is a re-entry from an address that is not allowed, where users are let in', async () => {
    await scene.stop()
    await start({ limit: 0, config: { allowlist: ['inngest'] } })
    expect((await toGateway({ target: '/orders', body: '{"a":1}' })).status).toBe(302)
    const received = scene.app.receivedBytes()
    expect([(await toGateway(nextReEntry())).status, lastReason()]).toEqual([
      403,
      'client_not_allowed',
    ])
    expect(scene.app.receivedBytes()).toBe(received)
  })
})
