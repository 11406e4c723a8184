/** The conformance cases that are sent only with an option, and those that find what is reported by default. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { needsOptions, runConformance } from '../support/conforming.ts'
import { startOpenProxy } from '../support/open-proxy.ts'
import { startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

let app: SdkApp
const stops: (() => unknown)[] = []

beforeAll(async () => {
  // The SDK writes there each call that it refuses.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  app = await startSdkApp(testKey, fallbackKey)
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
afterAll(() => {
  app.stop()
  vi.restoreAllMocks()
})

const needsAnotherPlace = [
  ...['outside-signed', 'outside-unsigned', 'outside-spoofed', 'app-not-served'],
  ...['durable-forged', 'durable-unsigned', 'outside-reentry', 'app-address'],
]

async function startGateway(config: object): Promise<number> {
  const gateway = await startTestGateway(app.url, { ...config })
  stops.push(() => gateway.stop())
  return gateway.port
}

describe('a conformance case that needs an option', () => {
  const options = { syncs: true, restrictedPath: ['/admin'] }
  const enforced = { callIds: 'enforce', syncBody: 'enforce', syncUrl: 'enforce' }
  const routes = (checks: object, more: readonly object[] = []) => ({
    routes: [
      { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }], checks },
      { name: 'rest', policy: 'passthrough', upstream: app.url },
      {
        name: 'admin',
        policy: 'passthrough',
        upstream: app.url,
        path: '/admin',
        allowlist: ['192.0.2.10'],
      },
      ...more,
    ],
  })

  it('passes if every check is enforced, and lets one in-band sync reach the app', async () => {
    const before = app.reached.length
    const run = await runConformance(await startGateway(routes(enforced)), options)
    expect(run.names('failed')).toEqual([])
    expect(run.names('not tested')).toEqual(needsAnotherPlace)
    const puts = app.reached.slice(before).filter((line) => line.startsWith('PUT'))
    expect(puts).toEqual(['PUT /api/inngest'])
  })

  it('passes with an app of the route, of which it calls no function', async () => {
    const [route] = routes({}).routes
    const port = await startGateway({ routes: [{ ...route, apps: ['my shop', 'shop'] }] })
    const before = app.runs()
    const run = await runConformance(port, { app: 'my shop', syncs: true })
    expect(run.names('failed')).toEqual([])
    expect(run.names('passed')).toContain('app-not-served')
    expect(app.runs()).toBe(before)
  })

  it('names the option if the route has apps and none was given', async () => {
    const [route] = routes({}).routes
    const port = await startGateway({ routes: [{ ...route, apps: ['shop'] }] })
    expect((await runConformance(port)).problem).toContain('give one of them as --app')
  })

  it('is not tested if the gateway only reports it, and names the check', async () => {
    const run = await runConformance(await startGateway(routes({})), options)
    expect(run.names('failed')).toEqual([])
    const reported = ['call-ids-mismatch', 'introspection-as-sync', 'foreign-sync']
    const optional = needsOptions.filter((name) => !needsAnotherPlace.includes(name))
    expect(run.names('not tested').filter((name) => optional.includes(name))).toEqual(reported)
    const details = run.results.filter(({ name }) => reported.includes(name))
    expect(details.map(({ detail }) => /`checks\.\w+`/.exec(detail)?.[0])).toEqual([
      ...['`checks.callIds`', '`checks.syncBody`', '`checks.syncUrl`'],
    ])
  })

  it('sends no sync twice where calls can be repeated', async () => {
    const port = await startGateway(routes({ ...enforced, replay: 'off' }))
    const only = ['replayed-sync']
    expect((await runConformance(port, { ...options, only })).results).toMatchObject([
      { outcome: 'not tested', detail: 'replayed must pass first' },
    ])
  })

  it('fails path-prefix where a passthrough route lists such a path', async () => {
    const listed = { name: 'x', policy: 'passthrough', upstream: app.url, path: '/api/inngestx' }
    const port = await startGateway(routes(enforced, [listed]))
    const run = await runConformance(port, { only: ['path-prefix'] })
    expect(run.names('failed')).toEqual(['path-prefix'])
    expect(run.results[0]?.detail).toMatch(/^x: app responded with 401; x\/y: app responded/)
  })

  it('fails restricted-spellings where the app gets them', async () => {
    const proxy = await startOpenProxy(Number(new URL(app.url).port))
    stops.push(proxy.stop)
    const run = await runConformance(proxy.port, { ...options, only: ['restricted-spellings'] })
    expect(run.names('failed')).toEqual(['restricted-spellings'])
    expect(run.results[0]?.detail).toBe('app responded with 401')
  })

  it.each(['admin', '/', '/admin/1', '/a?b', '/a b', '//admin'])(
    'exits 2 for the restricted path %j',
    async (path) => {
      const run = await runConformance(1, { restrictedPath: [path] })
      expect(run.problem).toContain('--restricted-path: expected a plain path')
    },
  )
})
