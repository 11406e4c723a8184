/** The probes of the sidecar example, sent to a gateway with its routes in front of an app on loopback. */
// @module-tag kubernetes
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { startNamedApp } from '../support/apps.ts'
import { patient, startGatewayProcess } from '../support/gateway-process.ts'
import { build, gatewayIn, ofKind, podOf } from '../support/kustomize.ts'
import { send } from '../support/sender.ts'

interface Route {
  readonly name: string
}

const manifests = build('examples/sidecar')
const { spec } = podOf(manifests, 'billing')
const [map] = ofKind(manifests, 'ConfigMap')
const { routes } = parse(map?.data?.['config.yaml'] ?? '') as { routes: readonly Route[] }

async function start() {
  const app = await startNamedApp('app')
  const gateway = await startGatewayProcess(app.url, {
    routes: routes.map((route) => ({
      ...route,
      upstream: app.url,
      ...(route.name === 'billing' ? { signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }] } : {}),
    })),
  })
  return { app, gateway }
}

test('gets a response to the probes of the gateway', async () => {
  const { gateway } = await start()
  const { startupProbe, livenessProbe, readinessProbe } =
    gatewayIn(podOf(manifests, 'billing')) ?? {}
  for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
    const target = probe?.httpGet?.path ?? ''
    await expect.poll(async () => (await gateway.ops(target)).status, patient).toBe(200)
  }
})

test.each(['readinessProbe', 'livenessProbe'] as const)(
  'runs the %s of the app inside its container',
  async (name) => {
    const [node = '', ...args] = spec.containers[0]?.[name]?.exec?.command ?? []
    expect(node).toBe('node')
    const app = await startNamedApp('app')
    const statusAt = async (url: string) => {
      const here = args.map((text) => text.replace('http://127.0.0.1:3000', url))
      const [status] = (await once(spawn(process.execPath, here), 'exit')) as [number]
      return status
    }
    expect(await statusAt(app.url)).toBe(0)
    expect([args.join(' '), app.requests.length]).toEqual([
      expect.stringContaining('http://127.0.0.1:3000/healthz'),
      1,
    ])
    expect(await statusAt('http://127.0.0.1:1')).not.toBe(0)
  },
)

test('refuses a probe through a route for the nodes where nodes are among the trusted proxies', async () => {
  const probe = async (trustedProxies: readonly string[]) => {
    const app = await startNamedApp('app')
    const health = { policy: 'passthrough', path: '/healthz', upstream: app.url }
    const gateway = await startGatewayProcess(app.url, {
      trustedProxies,
      routes: [{ ...health, name: 'health', allowlist: ['127.0.0.0/8'] }],
    })
    const { status } = await send({ port: gateway.port, method: 'GET', target: '/healthz' })
    return [status, app.requests.length]
  }
  expect(await probe([])).toEqual([200, 1])
  expect(await probe(['127.0.0.0/8'])).toEqual([403, 0])
})

test('requires a signature on the path that Inngest calls', async () => {
  const { app, gateway } = await start()
  const { status } = await send({ port: gateway.port, method: 'GET', target: '/api/inngest' })
  expect([status, app.requests.length]).toEqual([401, 0])
})
