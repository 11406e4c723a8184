/** The objects of the chart: as closed as those of deploy/kubernetes. */
// @module-tag kubernetes
import type { IPod as TestPod } from 'kubernetes-models/v1/Pod'
import { describe, expect, it } from 'vitest'

import { defaultModes } from '../../gateway/admit/policy.ts'
import { render, renderExample, valueFile, valueFiles } from '../support/helm.ts'
import { gatewayIn, ofKind, podOf, podsIn, type Manifest, type Pod } from '../support/kustomize.ts'
import { isAdmitted, isSelected, type Peer } from '../support/network-policies.ts'
import { readInPod } from '../support/pod-config.ts'
import { brokenRules } from '../support/pod-rules.ts'

const GATEWAY_PORT = 8080
const OPS_PORT = 9090
const AUTH_PORT = 8081

const charts: readonly (readonly [string, readonly Manifest[]])[] = [
  ...valueFiles
    .filter((file) => file !== valueFile('sidecar'))
    .map((file) => [file, render(file)] as const),
  ['the sidecar example', renderExample('sidecar')],
]

const gatewayPod = (manifests: readonly Manifest[]): Pod => {
  const pod = podsIn(manifests).find((each) => gatewayIn(each) !== undefined)
  if (pod === undefined) throw new Error('no gateway')
  return pod
}

describe.each(charts)('the chart with %s', (_, manifests) => {
  const pod = gatewayPod(manifests)
  const reading = readInPod(pod, ofKind(manifests, 'ConfigMap'))

  it('makes pods that keep every rule', () => {
    expect(podsIn(manifests).flatMap(({ spec }) => brokenRules(spec))).toEqual([])
  })

  it('has a configuration that the gateway accepts, with every check enforced', () => {
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    const { config } = reading.settings
    expect(config.checks).toEqual(defaultModes)
    expect(config.listen).toMatchObject({ host: '0.0.0.0', port: GATEWAY_PORT })
    expect(config.ops).toMatchObject({ host: '0.0.0.0', port: OPS_PORT })
    const { delayMs, drainTimeoutMs } = config.shutdown
    expect(delayMs + drainTimeoutMs).toBeLessThan(
      (pod.spec.terminationGracePeriodSeconds ?? 0) * 1000,
    )
  })

  it('points Services at the ports of a gateway only', () => {
    const services = ofKind(manifests, 'Service')
    expect(services.length).toBeGreaterThan(0)
    const ports = gatewayIn(pod)?.ports?.map(({ containerPort }) => containerPort)
    for (const { spec } of services) {
      expect(isSelected({ matchLabels: spec?.selector ?? {} }, pod.labels)).toBe(true)
      for (const { targetPort } of spec?.ports ?? []) expect(ports).toContain(targetPort)
    }
  })

  it('shows the ops port to Prometheus, and in no Service with an address', () => {
    const policies = ofKind(manifests, 'NetworkPolicy')
    const admits = (from: Peer) => isAdmitted(policies, pod, from, OPS_PORT)
    expect(admits({ namespace: 'monitoring', labels: {} })).toBe(true)
    expect(admits({ namespace: 'elsewhere', labels: {} })).toBe(false)
    expect(admits({ namespace: pod.namespace, labels: {} })).toBe(false)
    const exposed = ofKind(manifests, 'Service')
      .filter(({ spec }) => spec?.clusterIP !== 'None')
      .flatMap(({ spec }) => spec?.ports?.map(({ targetPort }) => targetPort) ?? [])
    expect(exposed).not.toContain(OPS_PORT)
  })

  it('has no Secret', () => {
    expect(manifests.map(({ kind }) => kind)).not.toContain('Secret')
  })
})

it('admits only the proxies where proxies are trusted', () => {
  const callers: Record<string, Peer> = {
    envoy: { namespace: 'envoy-gateway-system', labels: {} },
    stranger: { namespace: 'default', labels: {} },
  }
  const admitted = (file: string, port: number) => {
    const manifests = render(valueFile(file))
    const policies = ofKind(manifests, 'NetworkPolicy')
    const names = Object.entries(callers).filter(([, from]) =>
      isAdmitted(policies, gatewayPod(manifests), from, port),
    )
    return names.map(([name]) => name).join(' ')
  }
  expect(admitted('companion', GATEWAY_PORT)).toBe('envoy')
  expect(admitted('external-auth', GATEWAY_PORT)).toBe('envoy')
  expect(admitted('external-auth', AUTH_PORT)).toBe('envoy')
  expect(admitted('minimal', GATEWAY_PORT)).toBe('envoy stranger')
})

describe('`helm test`', () => {
  const manifests = render(valueFile('companion'))
  const [test] = manifests.filter(({ kind }) => kind === 'Pod') as unknown as TestPod[]
  const labels = test?.metadata?.labels ?? {}

  it('runs the gateway’s own healthcheck against the ops Service', () => {
    const [container] = test?.spec?.containers ?? []
    const url = 'http://inngest-gateway-ops.default.svc:9090/readyz'
    expect(container?.args).toEqual(['healthcheck', '--url', url])
    expect(container?.image).toBe(gatewayIn(gatewayPod(manifests))?.image)
    const names = ofKind(manifests, 'Service').map(({ metadata }) => metadata?.name)
    expect(names).toContain('inngest-gateway-ops')
  })

  it('is admitted to the ops port only, and is no backend of a Service', () => {
    const policies = ofKind(manifests, 'NetworkPolicy')
    const admits = (port: number) =>
      isAdmitted(policies, gatewayPod(manifests), { namespace: 'default', labels }, port)
    expect([admits(OPS_PORT), admits(GATEWAY_PORT)]).toEqual([true, false])
    for (const { spec } of ofKind(manifests, 'Service')) {
      expect(isSelected({ matchLabels: spec?.selector ?? {} }, labels)).toBe(false)
    }
  })

  it('is as closed as the gateways', () => {
    expect(brokenRules(test?.spec ?? { containers: [] })).toEqual([
      'says when it is ready and alive',
      'has the gateway probed on its ops port',
    ])
  })
})

describe('autoscaled gateways', () => {
  const manifests = render(valueFile('companion'))
  const pod = podOf(manifests, 'inngest-gateway')

  it('are scaled by the autoscaler alone', () => {
    const [scaler] = ofKind(manifests, 'HorizontalPodAutoscaler')
    expect(scaler?.spec.scaleTargetRef.name).toBe('inngest-gateway')
    expect(ofKind(manifests, 'Deployment')[0]?.spec?.replicas).toBeUndefined()
  })

  it('are evicted one at a time', () => {
    const budgets = ofKind(manifests, 'PodDisruptionBudget').map(({ spec }) => spec)
    expect(budgets.map((spec) => spec?.maxUnavailable)).toEqual([1])
    for (const spec of budgets) expect(isSelected(spec?.selector, pod.labels)).toBe(true)
  })
})
