/** SDK versions of apps, from the header of their responses: in the metrics, the log and the status. */
import { once } from 'node:events'
import { createServer, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, describe, expect, it } from 'vitest'

import type { Status } from '../../gateway/ops/status/status.ts'
import { MOST_SDKS } from '../../gateway/record/sdk-inventory.ts'
import { callBody, callTarget, startSdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import {
  fallbackKey,
  startTestGateway,
  testKey,
  type TestGateway,
} from '../support/test-gateway.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const signingKeys = [{ env: 'PRIMARY' }]
const ops = { host: '127.0.0.1', port: 0, statusPage: { enabled: true } }

/** @param headersOf the app's headers, for the number of the request. */
async function start(headersOf: (serial: number) => OutgoingHttpHeaders): Promise<TestGateway> {
  let serial = 0
  const app = createServer((_request, response) => {
    serial += 1
    response.writeHead(200, headersOf(serial)).end('ok')
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  stops.push(() => {
    app.close()
    app.closeAllConnections()
  })
  const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
  return startGateway(upstream, {
    routes: [
      { name: 'app', upstream, signingKeys },
      { name: 'rest', policy: 'passthrough', upstream },
    ],
  })
}

async function startGateway(upstream: string, config: object): Promise<TestGateway> {
  const gateway = await startTestGateway(upstream, { ops, ...config })
  stops.push(() => gateway.stop())
  return gateway
}

let serial = 0

async function call({ port, clock }: TestGateway, key = testKey): Promise<number> {
  serial += 1
  const body = callBody(`sdk-${String(serial)}`)
  const signature = signatureHeader(key, body, Math.floor(clock.wallMs / 1000))
  const headers = { 'content-type': 'application/json', 'x-inngest-signature': signature }
  return (await send({ port, target: callTarget, headers, body })).status
}

/** Labels and values of the metric. */
async function counted(gateway: TestGateway): Promise<Record<string, number>> {
  gateway.flush()
  const lines = (await gateway.metricsText()).matchAll(
    /^inngest_gateway_sdk_responses_total\{route="app",language="(.*)",version="(.*)"\} (\d+)$/gm,
  )
  return Object.fromEntries(
    [...lines].map(([, language = '', version = '', count]) => [
      `${language} ${version}`,
      Number(count),
    ]),
  )
}

async function statusOf({ opsPort }: TestGateway): Promise<Status> {
  const { body } = await send({ port: opsPort, method: 'GET', target: '/status.json' })
  return JSON.parse(body) as Status
}

const sdk = (text: string) => ({ 'x-inngest-sdk': text })

const warnings = ({ logLines }: TestGateway) =>
  logLines.filter(({ msg }) => msg === 'the app uses an SDK version with a published advisory')

describe('the SDK version of an app', () => {
  it('is that of the real SDK', async () => {
    const app = await startSdkApp(testKey, fallbackKey)
    stops.push(() => {
      app.stop()
    })
    const gateway = await startGateway(app.url, {})
    expect(await call(gateway)).toBe(200)
    expect(await counted(gateway)).toEqual({ 'js 4.24.0': 1 })
    expect((await statusOf(gateway)).routes).toMatchObject([
      { route: 'app', sdks: [{ sdk: 'js 4.24.0', responses: 1, advisories: [] }] },
    ])
    expect(warnings(gateway)).toEqual([])
  })

  it('is warned of once for a route if there is an advisory, and shown with it', async () => {
    const versions = ['inngest-js:v3.50.0', 'inngest-js:v3.53.1', 'inngest-js:v3.54.0']
    const gateway = await start((i) => sdk(versions[i % 3] ?? ''))
    for (let i = 0; i < 9; i += 1) expect(await call(gateway)).toBe(200)
    const advisories = ['GHSA-2jf5-6wwv-vhxx', 'CVE-2026-42047']
    const line = {
      level: 40,
      route: 'app',
      advisories,
      links: ['https://github.com/advisories/GHSA-2jf5-6wwv-vhxx'],
      remedy: 'update the SDK of the app (fixed in 3.54.0)',
    }
    expect(warnings(gateway)).toMatchObject([
      { ...line, sdk: 'js 3.53.1' },
      { ...line, sdk: 'js 3.50.0' },
    ])
    const { routes, sdkAdvisoriesDate } = await statusOf(gateway)
    expect(routes[0]?.sdks.map((seen) => [seen.sdk, seen.advisories])).toEqual([
      ['js 3.53.1', advisories],
      ['js 3.54.0', []],
      ['js 3.50.0', advisories],
    ])
    const { body } = await send({ port: gateway.opsPort, method: 'GET', target: '/status' })
    expect(body).toContain('GHSA-2jf5-6wwv-vhxx, CVE-2026-42047')
    expect(body).toContain(sdkAdvisoriesDate)
  })

  it('is unknown if the app does not name it, and other if that is no version', async () => {
    const all: OutgoingHttpHeaders[] = [
      {},
      sdk(''),
      sdk('inngest-js'),
      sdk(`inngest-js:v1.0.0-${'x'.repeat(5000)}`),
      sdk('inngest-js:v1.0.0"} 1'),
    ]
    const gateway = await start((i) => all[i - 1] ?? {})
    for (let i = 0; i < all.length; i += 1) expect(await call(gateway)).toBe(200)
    expect(await counted(gateway)).toEqual({ 'unknown unknown': 2, 'other other': 3 })
  })

  it('is not counted on and on, whatever an app names', async () => {
    const gateway = await start((i) => sdk(`inngest-js:v3.50.${String(i)}`))
    for (let i = 0; i < MOST_SDKS + 10; i += 1) await call(gateway)
    const counts = await counted(gateway)
    expect(Object.keys(counts)).toHaveLength(MOST_SDKS + 1)
    expect(counts['other other']).toBe(10)
    expect(warnings(gateway)).toHaveLength(MOST_SDKS)
  })

  it('is not counted of a refused request, nor on a passthrough route', async () => {
    const gateway = await start(() => sdk('inngest-js:v3.50.0'))
    expect(await call(gateway, 'signkey-test-00000000')).toBe(401)
    expect((await send({ port: gateway.port, method: 'GET', target: '/other' })).status).toBe(200)
    expect(await counted(gateway)).toEqual({})
    const { body } = await send({ port: gateway.opsPort, method: 'GET', target: '/status' })
    expect(body).toContain('data-key="app unknown"')
  })
})
