/** Where the Services lead, and how the gateways behind them are kept in number. */
// @module-tag kubernetes
import type { IContainer as Container } from 'kubernetes-models/v1/Container'
import type { IService as Service } from 'kubernetes-models/v1/Service'
import { describe, expect, test } from 'vitest'

import {
  build,
  gatewayIn,
  kustomizations,
  ofKind,
  podOf,
  podsIn,
  type Manifest,
  type Pod,
} from '../support/kustomize.ts'
import { isSelected } from '../support/network-policies.ts'

const GATEWAY_PORT = 8080
const APP_PORT = 3000
const VALKEY_PORT = 6379
const AUTH_PORT = 8081

describe('Services', () => {
  test.each(kustomizations)('point, in %s, at the port of a gateway if there is one', (folder) => {
    const manifests = build(folder)
    const services = ofKind(manifests, 'Service')
    expect(services.length).toBeGreaterThan(0)
    for (const service of services) {
      const pods = podsBehind(service, manifests)
      expect(pods).toHaveLength(1)
      const ports = service.spec?.ports?.map(({ targetPort }) => targetPort)
      const isAuth = service.metadata?.name === 'inngest-gateway-auth'
      expect(ports).toEqual(isAuth ? [AUTH_PORT] : pods.map(portOf))
    }
  })

  test('lead to gateways and keep the client address if they are open to the outside', () => {
    const open = kustomizations.flatMap((folder) => {
      const services = ofKind(build(folder), 'Service')
      return services
        .filter(({ spec }) => (spec?.type ?? 'ClusterIP') !== 'ClusterIP')
        .map((service) => [
          folder,
          service.spec?.externalTrafficPolicy,
          podsBehind(service, build(folder)).map(portOf).join(' '),
        ])
    })
    expect(open).toEqual([
      ['examples/load-balancer', 'Local', '8080'],
      ['examples/proxy-protocol', 'Local', '8080'],
    ])
  })

  test('are named by an Ingress or an HTTPRoute only if they lead to a gateway', () => {
    const named = kustomizations
      .filter((folder) => folder !== 'examples/envoy-gateway-app')
      .flatMap((folder) => backendsIn(build(folder)))
    expect(named).toHaveLength(4)
    expect(new Set(named)).toEqual(new Set(['inngest-gateway']))
  })

  test('lead to an app past the gateway only where Envoy sends authorization requests', () => {
    const manifests = build('examples/envoy-gateway-app')
    expect(backendsIn(manifests)).toEqual(['billing'])
    expect(manifests.find(({ kind }) => kind === 'SecurityPolicy')).toMatchObject({
      spec: { targetRefs: [{ kind: 'HTTPRoute', name: 'billing' }], extAuth: { failOpen: false } },
    })
  })
})

function podsBehind({ spec }: Service, manifests: readonly Manifest[]): readonly Pod[] {
  const selector = { matchLabels: spec?.selector ?? {} }
  return podsIn(manifests).filter(({ labels }) => isSelected(selector, labels))
}

function portOf(pod: Pod): number {
  if (gatewayIn(pod) !== undefined) return GATEWAY_PORT
  return pod.of === 'inngest-gateway-valkey' ? VALKEY_PORT : APP_PORT
}

function backendsIn(manifests: readonly Manifest[]): (string | undefined)[] {
  const rules = ofKind(manifests, 'Ingress').flatMap(({ spec }) => spec?.rules ?? [])
  const paths = rules.flatMap(({ http }) => http?.paths ?? [])
  const routes = manifests.filter(({ kind }) => kind === 'HTTPRoute') as unknown as Route[]
  return [
    ...paths.map(({ backend }) => backend.service?.name),
    ...routes.flatMap(({ spec }) =>
      spec.rules.flatMap(({ backendRefs }) => backendRefs.map(({ name }) => name)),
    ),
  ]
}

interface Route {
  readonly spec: { readonly rules: readonly { readonly backendRefs: { name: string }[] }[] }
}

describe('an app beside a sidecar', () => {
  const { spec } = podOf(build('examples/sidecar'), 'billing')

  test('is started after the gateway and stopped before it', () => {
    const [first] = spec.initContainers ?? []
    expect([first?.name, first?.restartPolicy]).toEqual(['inngest-gateway', 'Always'])
    expect(first?.startupProbe).toBeDefined()
  })

  test('is on loopback, and nobody probes it there', () => {
    for (const app of spec.containers) {
      expect(app.env).toContainEqual({ name: 'HOST', value: '127.0.0.1' })
      expect(app.ports).toBeUndefined()
      for (const port of probedPorts(app)) expect(port).toBe(GATEWAY_PORT)
    }
  })
})

function probedPorts({ startupProbe, readinessProbe, livenessProbe }: Container) {
  const probes = [startupProbe, readinessProbe, livenessProbe]
  return probes.flatMap((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? [])
}

describe('gateways', () => {
  const manifests = build('companion')
  const pod = podOf(manifests, 'inngest-gateway')

  test('are scaled by the autoscaler alone', () => {
    const [scaler] = ofKind(manifests, 'HorizontalPodAutoscaler')
    expect(scaler?.spec.scaleTargetRef.name).toBe('inngest-gateway')
    expect(scaler?.spec.minReplicas).toBe(2)
    // Or each `kubectl apply` would undo what the autoscaler did.
    expect(ofKind(manifests, 'Deployment')[0]?.spec?.replicas).toBeUndefined()
  })

  test('are taken away one at a time', () => {
    const budgets = ofKind(manifests, 'PodDisruptionBudget').map(({ spec }) => spec)
    expect(budgets.map((spec) => spec?.maxUnavailable)).toEqual([1])
    for (const spec of budgets) expect(isSelected(spec?.selector, pod.labels)).toBe(true)
  })

  test('are spread over zones and nodes', () => {
    const spread = pod.spec.topologySpreadConstraints ?? []
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ])
    for (const { labelSelector } of spread) {
      expect(isSelected(labelSelector, pod.labels)).toBe(true)
    }
  })
})
