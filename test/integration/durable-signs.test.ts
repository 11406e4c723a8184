/** What shows users and re-entries apart, and that a passthrough route leads to a durable endpoint. */
import { describe, expect, it } from 'vitest'

import type { Status } from '../../gateway/ops/status/status.ts'
import type { View } from '../../gateway/ops/status/view.ts'
import { startBehind, type Handler } from '../support/app-behind-gateway.ts'
import {
  callAsUser,
  durableHost,
  freshIds,
  reenter,
  startDurable,
} from '../support/durable-route.ts'
import { send } from '../support/sender.ts'
import type { TestGateway } from '../support/test-gateway.ts'

const statusPage = { host: '127.0.0.1', port: 0, statusPage: { enabled: true } }

async function routesOf({ opsPort }: TestGateway): Promise<string[][]> {
  const { body } = await send({ port: opsPort, method: 'GET', target: '/status.json' })
  const { view } = JSON.parse(body) as Status & { view: View }
  return (view.tables['routes'] ?? []).map(({ cells }) => cells.map(({ sub }) => sub ?? ''))
}

const startOpen = (handler: Handler) =>
  startBehind(handler, (url) => ({
    routes: [{ name: 'open', policy: 'passthrough', upstream: url }],
    ops: statusPage,
  }))

const call = ({ port }: TestGateway, headers: Record<string, string> = {}, from = '127.0.0.1') =>
  send({ port, method: 'GET', target: '/x', headers: { host: durableHost, ...headers }, from })

const warnings = ({ logLines }: TestGateway) =>
  logLines.filter(({ level }) => level === 40).map(({ msg, route }) => [msg, route])

const run = '01HW5N8XQZJ9V2M3K4L5P6Q7R8'

describe('requests on a durable route', () => {
  it('are counted by kind, on the status page and in the metrics', async () => {
    const target = await startDurable({}, { ops: statusPage })
    await callAsUser(target)
    await reenter(target)
    await reenter(target)
    await reenter(target, { key: 'signkey-test-1234' })
    target.gateway.flush()
    const metrics = await target.metrics()
    for (const [labels, count] of [
      ['kind="user",decision="admitted"', 1],
      ['kind="reentry",decision="admitted"', 2],
      ['kind="reentry",decision="refused"', 1],
    ] as const) {
      const name = `inngest_gateway_durable_requests_total{route="endpoints",${labels}}`
      expect(metrics).toContain(`${name} ${String(count)}\n`)
    }
    const [, endpoints] = await routesOf(target.gateway)
    expect(endpoints?.[0]).toBe('durable at app.example.com/endpoints')
    expect(endpoints?.[1]).toBe('from users: 1, re-entries: 3')
  })

  it('are not counted so on other routes', async () => {
    const gateway = await startOpen((_, response) => response.end())
    await call(gateway)
    gateway.flush()
    expect(await gateway.metricsText()).not.toContain('durable_requests_total{')
    expect((await routesOf(gateway))[0]?.[1]).toBe('')
  })
})

describe('a passthrough route', () => {
  it.each([
    ['JS', 302, { location: `https://api.inngest.com/v1/http/runs/${run}/output?token=a` }],
    ['Go', 303, { location: `http://localhost:8288/v1/http/runs/${run}/output?token=a` }],
    ['Go', 200, { 'x-run-id': run, 'x-inngest-sdk': 'go:v0.16.0' }],
  ])(
    'is named once if it leads to a durable endpoint of the %s SDK (%i, %j)',
    async (_sdk, status, headers) => {
      const gateway = await startOpen((_, response) => response.writeHead(status, headers).end())
      for (let i = 0; i < 3; i += 1) expect((await call(gateway)).status).toBe(status)
      const message = 'a passthrough route leads to a durable endpoint'
      expect(warnings(gateway)).toEqual([[message, 'open']])
      expect((await routesOf(gateway))[0]?.[1]).toBe('durable endpoint: needs policy: durable')
    },
  )

  it.each([
    [302, { location: `/v1/http/runs/${run}/other` }],
    [200, { location: `https://api.inngest.com/v1/http/runs/${run}/output` }],
    [200, { 'x-inngest-sdk': 'js:v4' }],
    [200, { 'x-run-id': run }],
  ])('is not named if it leads to anything else (%i, %j)', async (status, headers) => {
    const gateway = await startOpen((_, response) => response.writeHead(status, headers).end())
    await call(gateway)
    expect(warnings(gateway)).toEqual([])
  })

  it('is named once if Inngest calls it, and still gets none of its headers', async () => {
    const seen: unknown[] = []
    const gateway = await startOpen((request, response) => {
      seen.push(request.headers['x-run-id'])
      response.end()
    })
    const headers = { ...freshIds(), 'x-inngest-signature': 't=1&s=2' }
    for (let i = 0; i < 3; i += 1) await call(gateway, headers)
    expect(seen).toEqual([undefined, undefined, undefined])
    expect(warnings(gateway)).toEqual([['Inngest calls a passthrough route', 'open']])
    expect((await routesOf(gateway))[0]?.[1]).toBe('called by Inngest: needs policy: durable')
  })

  it('is not named for such headers from an address that is not of Inngest', async () => {
    const gateway = await startBehind(
      (_, response) => response.end(),
      (url) => ({
        allowlist: ['127.0.0.1/32'],
        routes: [{ name: 'open', policy: 'passthrough', upstream: url }],
      }),
    )
    await call(gateway, { 'x-run-id': 'a', 'x-inngest-signature': 'b' }, '127.0.0.2')
    await call(gateway, { 'x-run-id': 'a' })
    expect(warnings(gateway)).toEqual([])
  })
})
