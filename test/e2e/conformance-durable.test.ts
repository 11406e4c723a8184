/** The conformance cases of durable endpoints, against routes that protect one and routes that do not. */
import { afterEach, describe, expect, it } from 'vitest'

import { runConformance } from '../support/conforming.ts'
import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { startTestGateway } from '../support/test-gateway.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const only = ['durable-forged', 'durable-unsigned', 'outside-reentry']
const durableUrl = 'http://app.example.com/endpoints/order?token=a'

/** @param route to the endpoint. */
async function startGateway(app: NamedApp, route: object, more: object = {}): Promise<number> {
  const routes = [
    { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }] },
    { name: 'endpoints', path: '/endpoints', upstream: app.url, ...route },
  ]
  const gateway = await startTestGateway(app.url, { routes, ...more })
  stops.push(() => gateway.stop())
  return gateway.port
}

const durable = {
  policy: 'durable',
  host: 'app.example.com',
  signingKeys: [{ env: 'FALLBACK' }],
}

describe('the conformance cases of durable endpoints', () => {
  it('pass on a durable route, without a request that reaches the app', async () => {
    const app = await startNamedApp('app')
    const run = await runConformance(await startGateway(app, durable), { durableUrl, only })
    expect(run.names('passed')).toEqual(['durable-forged', 'durable-unsigned'])
    expect(run.names('not tested')).toEqual(['outside-reentry'])
    expect(app.requests.filter(({ host }) => host === 'app.example.com')).toEqual([])
  })

  it('pass from an address that is not allowed', async () => {
    const app = await startNamedApp('app')
    const port = await startGateway(app, durable, { allowlist: ['192.0.2.1'] })
    const run = await runConformance(port, { durableUrl, only, expectOutside: true })
    expect(run.names('passed')).toEqual(['outside-reentry'])
  })

  it('fail on a passthrough route, and send no unsigned request then', async () => {
    const app = await startNamedApp('app')
    const port = await startGateway(app, { policy: 'passthrough' })
    const run = await runConformance(port, { durableUrl, only })
    expect(run.names('failed')).toEqual(['durable-forged'])
    expect(run.results.find(({ name }) => name === 'durable-unsigned')).toMatchObject({
      outcome: 'not tested',
      detail: 'durable-forged must pass first',
    })
  })

  it('are not sent without the URL of an endpoint', async () => {
    const app = await startNamedApp('app')
    const run = await runConformance(await startGateway(app, durable), { only: ['durable'] })
    expect(run.results[0]?.detail).toContain('--durable-url')
    expect(run.names('passed')).toEqual([])
  })

  it('exit 2 for what is no URL', async () => {
    const run = await runConformance(1, { durableUrl: '/endpoints' })
    expect(run.problem).toContain('--durable-url: expected the URL of a durable endpoint')
  })
})
