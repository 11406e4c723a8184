/** The status page: who gets it, how it is sent, and that it says what has happened. */
import { afterEach, describe, expect, it } from 'vitest'

import { version } from '../../gateway/version.ts'
import type { Status } from '../../gateway/ops/status/status.ts'
import type { View } from '../../gateway/ops/status/view.ts'
import { startNamedApp } from '../support/apps.ts'
import { send } from '../support/sender.ts'
import { sendQuarter, sendSigned, sendUnsigned } from '../support/status-traffic.ts'
import { startTestGateway, statusToken, type TestGateway } from '../support/test-gateway.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const open = { enabled: true }
const guarded = { enabled: true, token: { env: 'STATUS_TOKEN' } }

async function start(statusPage: object = open, more: object = {}): Promise<TestGateway> {
  const app = await startNamedApp('app')
  const ops = { host: '127.0.0.1', port: 0, statusPage }
  const gateway = await startTestGateway(app.url, { ops, replay: { coldStart: 'accept' }, ...more })
  stops.push(() => gateway.stop())
  return gateway
}

type Headers = Record<string, string>

function ask({ opsPort }: TestGateway, target: string, headers: Headers = {}, method = 'GET') {
  return send({ port: opsPort, method, target, headers })
}

async function statusOf(gateway: TestGateway): Promise<Status & { view: View; version: string }> {
  return JSON.parse((await ask(gateway, '/status.json')).body) as Status & {
    view: View
    version: string
  }
}

describe('the status page', () => {
  it('is not there unless it is asked for', async () => {
    const gateway = await start({})
    for (const target of ['/status', '/status.json', '/status?']) {
      const { status, body } = await ask(gateway, target)
      expect([status, body.includes('not found')]).toEqual([404, true])
    }
  })

  it('is named with the other paths to whoever asks for one that is not there', async () => {
    const known = '/metrics, /healthz, /livez'
    const [without, withPage] = [await start({}), await start()]
    const lost = 'not found; available:'
    expect((await ask(without, '/nowhere')).body).toBe(`${lost} ${known} and /readyz\n`)
    expect((await ask(withPage, '/nowhere')).body).toBe(`${lost} ${known}, /readyz and /status\n`)
  })

  it('is nowhere on the traffic port', async () => {
    const gateway = await start()
    const { port } = gateway
    expect((await send({ port, method: 'GET', target: '/status' })).status).toBe(404)
  })

  it('is read and nothing else', async () => {
    const gateway = await start()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect((await ask(gateway, '/status', {}, method)).status).toBe(405)
    }
    const head = await ask(gateway, '/status', {}, 'HEAD')
    expect([head.status, head.body]).toEqual([200, ''])
  })

  it.each(['/status', '/status.json'])('needs its token at %s, if it has one', async (target) => {
    const gateway = await start(guarded)
    const without = await ask(gateway, target)
    expect(without.status).toBe(401)
    expect(without.headers['www-authenticate']).toMatch(/^Basic realm=.*Bearer realm=/)
    expect(without.headers['cache-control']).toBe('no-store')
    const bearer = (token: string) => ask(gateway, target, { authorization: `Bearer ${token}` })
    expect((await bearer(`${statusToken}x`)).status).toBe(401)
    expect((await bearer(statusToken)).status).toBe(200)
    const pair = Buffer.from(`me:${statusToken}`).toString('base64')
    expect((await ask(gateway, target, { authorization: `Basic ${pair}` })).status).toBe(200)
    expect((await ask(gateway, `${target}?token=${statusToken}`)).status).toBe(401)
    expect((await ask(gateway, target, { cookie: `token=${statusToken}` })).status).toBe(401)
  })

  it('asks for no token at the metrics and health beside it', async () => {
    const gateway = await start(guarded)
    for (const target of ['/metrics', '/healthz', '/readyz']) {
      expect((await ask(gateway, target)).status).toBe(200)
    }
  })

  it.each([
    ['/status', 'text/html; charset=utf-8'],
    ['/status.json', 'application/json'],
  ])('is kept, framed and embedded by nobody: %s', async (target, type) => {
    const { headers } = await ask(await start(), target)
    expect(headers).toMatchObject({
      'content-type': type,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    })
    const policy = headers['content-security-policy'] as string
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
  })

  it('counts what the metrics count', async () => {
    const gateway = await start()
    await sendQuarter(gateway)
    const { minutes, reasons } = await statusOf(gateway)
    const metrics = await gateway.metricsText()
    const counted = (decision: string) =>
      [...metrics.matchAll(/^inngest_gateway_requests_total\{(.*)\} (\d+)$/gm)]
        .filter(([, labels = '']) => labels.includes(`decision="${decision}"`))
        .reduce((sum, [, , count]) => sum + Number(count), 0)
    for (const decision of ['admitted', 'refused', 'failed'] as const) {
      const total = minutes.reduce((sum, minute) => sum + minute.decisions[decision], 0)
      expect(total).toBe(counted(decision))
    }
    expect(minutes.every(({ decisions }) => decisions.admitted > 0)).toBe(true)
    const names = reasons.map(({ reason }) => reason)
    expect(names).toEqual(
      expect.arrayContaining(['signature_mismatch', 'route_not_found', 'timestamp_too_old']),
    )
  })

  it('tells of each request what its log line tells', async () => {
    const gateway = await start()
    await sendSigned(gateway)
    await sendUnsigned(gateway)
    const { recent } = await statusOf(gateway)
    const lines = gateway.logLines.filter(({ msg }) => msg === 'request')
    expect(recent.toReversed().map(({ fields }) => fields)).toEqual(
      lines.map(({ level, time, msg, ...fields }) => fields),
    )
  })

  it('shows in its HTML what is in its JSON', async () => {
    const gateway = await start()
    await sendQuarter(gateway)
    const { view, ...status } = await statusOf(gateway)
    const { body } = await ask(gateway, '/status')
    for (const row of view.tables['requests'] ?? []) expect(body).toContain(`data-key="${row.key}"`)
    for (const { reason } of status.reasons) expect(body).toContain(`>${reason}</span`)
    expect(body).toContain(`version ${version}`)
    expect(status.version).toBe(version)
  })

  it('knows routes with what was seen of their upstreams, keys, ranges and the replay cache', async () => {
    const signingKeys = [{ env: 'PRIMARY' }, { env: 'FALLBACK' }]
    const app = await startNamedApp('app')
    const gateway = await start(open, {
      routes: [
        { name: 'app', upstream: app.url, signingKeys },
        { name: 'gone', path: '/gone', upstream: 'http://127.0.0.1:1', signingKeys },
      ],
    })
    await sendSigned(gateway)
    await sendSigned(gateway, { target: '/gone' })
    const { routes, keys, ranges, replay } = await statusOf(gateway)
    expect(routes).toMatchObject([
      { route: 'app', seen: { answers: 1, faults: 0, lastStatus: 200 } },
      { route: 'gone', seen: { answers: 0, faults: 1, lastFault: 'upstream_connect' } },
    ])
    expect(keys.map(({ label, lastVerifiedMs }) => [label, lastVerifiedMs !== undefined])).toEqual([
      ['env:PRIMARY', true],
      ['env:FALLBACK', false],
      ['env:PRIMARY', true],
      ['env:FALLBACK', false],
    ])
    expect(ranges.allowed).toContainEqual({ source: 'config', ipv4: 1, ipv6: 0 })
    // The call of the app that could not be connected to has released its claim.
    expect(replay).toMatchObject({ store: 'memory', entries: 1, capacity: 1_000_000 })
  })

  it('tells which apps a route is for, and of which app a call was', async () => {
    const app = await startNamedApp('app')
    const route = { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }] }
    const gateway = await start(open, { routes: [{ ...route, apps: ['f', 'g'] }] })
    await sendSigned(gateway)
    const { routes, recent, view } = await statusOf(gateway)
    expect(routes).toMatchObject([{ route: 'app', apps: ['f', 'g'] }])
    expect(recent).toMatchObject([{ fields: { decision: 'refused', reason: 'app_not_served' } }])
    expect(view.tables['routes']?.[0]?.cells[0]?.sub).toBe('inngest at /api/inngest, apps: f, g')
  })

  it('shows the settings in force, and that a changed configuration is not', async () => {
    const gateway = await start()
    const before = await statusOf(gateway)
    expect(before.settings).toMatchObject({
      isLatest: true,
      loadedMs: gateway.clock.wallMs - 600_000,
    })
    expect(before.settings.yaml).toContain('env: PRIMARY # its key is set, [redacted]')
    const text = gateway.written()
    gateway.rewrite(`${text}\nfreshness: { maxAge: 77s }`)
    gateway.reload()
    const after = await statusOf(gateway)
    expect(after.settings.yaml).toContain('maxAge: 77s')
    expect(after.settings).toMatchObject({ isLatest: true, loadedMs: gateway.clock.wallMs })
    gateway.rewrite(`${text}\nfreshness: { maxAge: none }`)
    gateway.reload()
    expect((await statusOf(gateway)).settings).toEqual({ ...after.settings, isLatest: false })
  })
})
