/** Who reaches an app, a gateway and the replay cache, by the NetworkPolicies. */
// @module-tag kubernetes
import { describe, expect, test } from 'vitest'

import { build, gatewayIn, kustomizations, ofKind, podOf, podsIn } from '../support/kustomize.ts'
import { isAdmitted, type Peer } from '../support/network-policies.ts'

const GATEWAY_PORT = 8080
const APP_PORT = 3000
const OPS_PORT = 9090
const VALKEY_PORT = 6379
const AUTH_PORT = 8081

const stranger: Peer = { namespace: 'default', labels: {} }
const prometheus: Peer = { namespace: 'monitoring', labels: {} }

const companion = podOf(build('companion'), 'inngest-gateway')
const policiesOf = (folder: string) => ofKind(build(folder), 'NetworkPolicy')
const withGateway = kustomizations.flatMap((folder) =>
  podsIn(build(folder))
    .filter((pod) => gatewayIn(pod) !== undefined)
    .map((pod) => ({ folder, pod, policies: policiesOf(folder) })),
)

describe('the app', () => {
  const manifests = build('examples/protected-app')
  const app = podOf(manifests, 'billing')
  const admits = (from: Peer | 'outside', policies = ofKind(manifests, 'NetworkPolicy')) =>
    isAdmitted(policies, app, from, APP_PORT)

  test('is reached by the gateway and by nobody else', () => {
    expect(admits(companion)).toBe(true)
    expect(admits(stranger)).toBe(false)
    expect(admits('outside')).toBe(false)
    // Next door, either way.
    expect(admits({ namespace: companion.namespace, labels: {} })).toBe(false)
    expect(admits({ namespace: app.namespace, labels: companion.labels })).toBe(false)
    expect(admits(app)).toBe(false)
  })

  test('would be reached by others if one thing was different', () => {
    const policies = ofKind(manifests, 'NetworkPolicy')
    expect(admits(stranger, [])).toBe(true)
    const unlabelled = { ...app, labels: { app: 'billing' } }
    expect(isAdmitted(policies, unlabelled, stranger, APP_PORT)).toBe(true)
    // Two entries with one selector each, in place of one with both: the slip that is made most often.
    const apart = structuredClone(policies)
    for (const rule of apart.flatMap(({ spec }) => spec?.ingress ?? [])) {
      rule.from = (rule.from ?? []).flatMap(({ namespaceSelector = {}, podSelector = {} }) => [
        { namespaceSelector },
        { podSelector },
      ])
    }
    expect(admits({ namespace: companion.namespace, labels: {} }, apart)).toBe(true)
  })
})

describe('external authorization', () => {
  const gateway = podOf(build('examples/envoy-gateway'), 'inngest-gateway')
  const app = podOf(build('examples/envoy-gateway-app'), 'billing')
  const envoy: Peer = { namespace: 'envoy-gateway-system', labels: {} }

  test('is reached by Envoy and by no other client', () => {
    const policies = policiesOf('examples/envoy-gateway')
    expect(isAdmitted(policies, gateway, envoy, AUTH_PORT)).toBe(true)
    for (const from of [stranger, prometheus, app, 'outside'] as const) {
      expect(isAdmitted(policies, gateway, from, AUTH_PORT)).toBe(false)
    }
  })

  test('leaves the app to Envoy and to no other client', () => {
    const policies = policiesOf('examples/envoy-gateway-app')
    expect(isAdmitted(policies, app, envoy, APP_PORT)).toBe(true)
    for (const from of [stranger, prometheus, gateway, 'outside'] as const) {
      expect(isAdmitted(policies, app, from, APP_PORT)).toBe(false)
    }
  })
})

describe.each(withGateway)('the gateway of $folder', ({ pod, policies }) => {
  test('shows its ops port to Prometheus and to nobody else', () => {
    expect(isAdmitted(policies, pod, prometheus, OPS_PORT)).toBe(true)
    expect(isAdmitted(policies, pod, stranger, OPS_PORT)).toBe(false)
    expect(isAdmitted(policies, pod, { ...stranger, namespace: pod.namespace }, OPS_PORT)).toBe(
      false,
    )
  })

  test('lets nobody past it to a port of the app in its pod', () => {
    expect(isAdmitted(policies, pod, stranger, APP_PORT)).toBe(false)
  })
})

test('lets only trusted proxies reach the gateway, if there are any', () => {
  const callers: Record<string, Peer | 'outside'> = {
    'ingress-nginx': { namespace: 'ingress-nginx', labels: {} },
    traefik: { namespace: 'traefik', labels: {} },
    envoy: { namespace: 'envoy-gateway-system', labels: {} },
    outside: 'outside',
    stranger,
  }
  const admitted = withGateway.map(({ folder, pod, policies }) => {
    const names = Object.entries(callers).filter(([, from]) =>
      isAdmitted(policies, pod, from, GATEWAY_PORT),
    )
    return [folder, names.map(([name]) => name).join(' ')]
  })
  const all = Object.keys(callers).join(' ')
  expect(Object.fromEntries(admitted)).toEqual({
    base: all,
    companion: all,
    'examples/envoy-gateway': 'envoy',
    'examples/gateway-api': 'envoy',
    'examples/ingress-nginx': 'ingress-nginx',
    'examples/load-balancer': all,
    'examples/proxy-protocol': 'outside',
    'examples/sidecar': 'envoy',
    'examples/traefik': 'traefik',
    'examples/traefik-ingress-nginx': 'traefik',
  })
})

describe.each(['companion', 'examples/sidecar'])('Valkey of %s', (folder) => {
  const policies = policiesOf(folder)
  const pods = podsIn(build(folder))
  const valkey = podOf(build(folder), 'inngest-gateway-valkey')

  test('is reached by the gateways and by nobody else', () => {
    const gateway = pods.find((pod) => gatewayIn(pod) !== undefined) ?? companion
    const neighbour = { namespace: valkey.namespace, labels: {} }
    const elsewhere = { ...gateway, namespace: 'default' }
    const admits = (from: Peer) => isAdmitted(policies, valkey, from, VALKEY_PORT)
    expect([gateway, neighbour, elsewhere, stranger].map(admits)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  test('reaches nobody', () => {
    const own = policies.filter(({ metadata }) => metadata?.name === 'inngest-gateway-valkey')
    const { policyTypes, egress } = own[0]?.spec ?? {}
    expect([policyTypes, egress]).toEqual([['Ingress', 'Egress'], []])
  })

  test('is one', () => {
    expect(ofKind(build(folder), 'StatefulSet').map(({ spec }) => spec?.replicas)).toEqual([1])
  })
})
