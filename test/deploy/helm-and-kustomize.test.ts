/** The chart makes the pods that deploy/kubernetes makes. */
// @module-tag kubernetes
import type { IContainer as Container } from 'kubernetes-models/v1/Container'
import { describe, expect, it } from 'vitest'

import { render, renderExample, valueFile } from '../support/helm.ts'
import { build, gatewayIn, ofKind, podOf, type Manifest, type Pod } from '../support/kustomize.ts'
import { isAdmitted } from '../support/network-policies.ts'

/** Without what depends on where the image and its version come from. */
function gatewayOf(pod: Pod): Partial<Container> {
  const { image: _, imagePullPolicy: __, ...container } = gatewayIn(pod) ?? { name: 'none' }
  return container
}

describe('the companion of the chart', () => {
  const [ofChart, ofKustomize] = [render(valueFile('companion')), build('examples/gateway-api')]
  const [chart, kustomize] = [ofChart, ofKustomize].map((all) => podOf(all, 'inngest-gateway')) as [
    Pod,
    Pod,
  ]

  it('has the container of the kustomization', () => {
    expect(gatewayOf(chart)).toEqual(gatewayOf(kustomize))
  })

  it.each([
    'securityContext',
    'volumes',
    'serviceAccountName',
    'automountServiceAccountToken',
    'enableServiceLinks',
    'terminationGracePeriodSeconds',
  ] as const)('has its %s of the pod', (key) => {
    expect(chart.spec[key]).toBeDefined()
    expect(chart.spec[key]).toEqual(kustomize.spec[key])
  })

  it('is spread and replaced in the same way', () => {
    const spread = (pod: Pod) =>
      pod.spec.topologySpreadConstraints?.map(({ labelSelector: _, ...rest }) => rest)
    expect(spread(chart)).toEqual(spread(kustomize))
    const strategies = [ofChart, ofKustomize].map(
      (all) => ofKind(all, 'Deployment')[0]?.spec?.strategy,
    )
    expect(strategies[0]).toEqual(strategies[1])
  })

  it.each(['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Service', 'HTTPRoute'])(
    'has the same %s, apart from labels',
    (kind) => {
      expect(specOf(ofChart, kind)).toEqual(specOf(ofKustomize, kind))
    },
  )

  it.each([8080, 9090, 3000])('is reached by the same clients on port %i', (port) => {
    const namespaces = ['envoy-gateway-system', 'monitoring', 'default', 'elsewhere']
    const clients = [
      ...namespaces.map((namespace) => ({ namespace, labels: {} })),
      'outside',
    ] as const
    const admitted = [ofChart, ofKustomize].map((all, i) => {
      const policies = ofKind(all, 'NetworkPolicy')
      return clients.map((from) => isAdmitted(policies, [chart, kustomize][i] ?? chart, from, port))
    })
    expect(admitted[0]).toEqual(admitted[1])
  })
})

describe('a pod with the sidecar of the chart', () => {
  const [chart, kustomize] = [
    podOf(renderExample('sidecar'), 'billing'),
    podOf(build('examples/sidecar'), 'billing'),
  ]

  it('has the container of the component', () => {
    const { resources: _, ...own } = gatewayOf(chart)
    const { resources: __, ...component } = gatewayOf(kustomize)
    expect(own).toEqual(component)
  })

  it('has the volumes of the component, and the ConfigMap of its release', () => {
    const volumes = chart.spec.volumes?.map((volume) =>
      volume.configMap === undefined ? volume : { ...volume, configMap: { name: volume.name } },
    )
    expect(volumes).toEqual(kustomize.spec.volumes)
  })

  it('has its label, no token of the Kubernetes API, and the time to stop', () => {
    expect(chart.labels).toEqual(kustomize.labels)
    for (const key of ['automountServiceAccountToken', 'terminationGracePeriodSeconds'] as const) {
      expect(chart.spec[key]).toEqual(kustomize.spec[key])
    }
  })

  it('has the app of the example, with its probes', () => {
    const app = ({ spec }: Pod) => {
      const { env: _, ...rest } = spec.containers[0] ?? { name: 'none' }
      return rest
    }
    expect(app(chart)).toEqual(app(kustomize))
  })
})

function specOf(manifests: readonly Manifest[], kind: string): unknown {
  const found = manifests.filter(
    (manifest) => manifest.kind === kind && manifest.metadata.name === 'inngest-gateway',
  )
  const [{ spec, ...rest } = { spec: {} }] = found as { spec?: { type?: string } }[]
  expect(Object.keys(rest)).toEqual(['apiVersion', 'kind', 'metadata'])
  const text = JSON.stringify({ type: 'ClusterIP', ...spec }, (key, value: unknown) =>
    key === 'selector' ? undefined : value,
  )
  return JSON.parse(text)
}
