/** The probes of the sidecar example, sent to a gateway with its routes in front of an app on loopback. */
// @module-tag kubernetes
import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { startNamedApp } from '../support/apps.ts'
import { patient, startGatewayProcess } from '../support/gateway-process.ts'
import { build, gatewayIn, ofKind, podOf } from '../support/kustomize.ts'
import { send } from '../support/sender.ts'

interface Route {
  readonly name: string
  readonly allowlist?: readonly string[]
}

const manifests = build('examples/sidecar')
const { spec } = podOf(manifests, 'billing')
const [map] = ofKind(manifests, 'ConfigMap')
const { routes } = parse(map?.data?.['config.yaml'] ?? '') as { routes: readonly Route[] }

async function startWith(nodes: readonly string[]) {
  const app = await startNamedApp('app')
  const gateway = await startGatewayProcess(app.url, {
    routes: routes.map((route) => ({
      ...route,
      upstream: app.url,
      ...(route.name === 'billing' ? { signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }] } : {}),
      ...(route.name === 'health' ? { allowlist: nodes } : {}),
    })),
  })
  return { app, gateway }
}

test('gets a response to the probes of the gateway', async () => {
  const { gateway } = await startWith(['127.0.0.0/8'])
  const { startupProbe, livenessProbe, readinessProbe } =
    gatewayIn(podOf(manifests, 'billing')) ?? {}
  for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
    const target = probe?.httpGet?.path ?? ''
    await expect.poll(async () => (await gateway.ops(target)).status, patient).toBe(200)
  }
})

test('requests the readiness of the app through the gateway, from a node and from nowhere else', async () => {
  const target = spec.containers[0]?.readinessProbe?.httpGet?.path ?? ''
  const asked = async (nodes: readonly string[]) => {
    const { app, gateway } = await startWith(nodes)
    const { status } = await send({ port: gateway.port, method: 'GET', target })
    return [status, app.requests.length]
  }
  expect(await asked(['127.0.0.0/8'])).toEqual([200, 1])
  expect(await asked(routes.find(({ name }) => name === 'health')?.allowlist ?? [])).toEqual([
    403, 0,
  ])
})

test('requires a signature on the path that Inngest calls', async () => {
  const { app, gateway } = await startWith(['127.0.0.0/8'])
  const { status } = await send({ port: gateway.port, method: 'GET', target: '/api/inngest' })
  expect([status, app.requests.length]).toEqual([401, 0])
})
