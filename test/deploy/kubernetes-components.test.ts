/** The components, used in a kustomization of a user's own. */
// @module-tag kubernetes
import { readdirSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { buildFiles, gatewayIn, manifestFolder, ofKind, podOf } from '../support/kustomize.ts'
import { brokenRules } from '../support/pod-rules.ts'

function deployment(name: string, labels: object = {}) {
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      initContainers: [{ name: 'migrate', image: 'example/app:1' }],
      containers: [{ name, image: 'example/app:1' }],
      volumes: [{ name: 'cache', emptyDir: {} }],
    },
  }
  const spec = { selector: { matchLabels: { app: name } }, template }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels }, spec }
}

function service(name: string, labels: object = {}) {
  const ports = [{ name: 'http', port: 80, targetPort: 3000 }]
  const spec = { selector: { app: name }, ports }
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec }
}

const none = { 'inngest-gateway': 'none' }

function buildWith(components: readonly string[], over: object = {}) {
  const items = [
    deployment('shop'),
    deployment('worker', none),
    service('shop'),
    service('worker', none),
  ]
  const kustomization = {
    namespace: 'shop',
    resources: ['app.yaml'],
    components: components.map((name) => `DEPLOY/components/${name}`),
    ...over,
  }
  return buildFiles({
    'app.yaml': items.map((item) => JSON.stringify(item)).join('\n---\n'),
    'kustomization.yaml': JSON.stringify(kustomization),
  })
}

test.each(readdirSync(path.join(manifestFolder, 'components')))('%s builds', (component) => {
  const before = buildWith([])
  expect(buildWith([component]).length).toBeGreaterThan(before.length)
})

describe('sidecar', () => {
  const manifests = buildWith(['sidecar'])

  test('is put into a Deployment that says nothing about it', () => {
    const { spec, labels } = podOf(manifests, 'shop')
    expect(gatewayIn(podOf(manifests, 'shop'))?.restartPolicy).toBe('Always')
    expect(labels).toEqual({ app: 'shop', 'inngest-gateway': 'sidecar' })
    // In front of what was there, which stays.
    expect(spec.initContainers?.map(({ name }) => name)).toEqual(['inngest-gateway', 'migrate'])
    expect(spec.containers).toEqual([{ name: 'shop', image: 'example/app:1' }])
    expect(spec.volumes?.map(({ name }) => name)).toContain('cache')
  })

  test('keeps to every rule by itself, whatever the pod says', () => {
    const { spec } = podOf(manifests, 'shop')
    const alone = {
      ...spec,
      containers: [],
      initContainers: spec.initContainers?.slice(0, 1) ?? [],
    }
    expect(brokenRules(alone)).toEqual([])
  })

  test('takes the Service away from the port of the app', () => {
    const ports = ofKind(manifests, 'Service').map(({ metadata, spec }) => [
      metadata?.name,
      spec?.ports,
    ])
    expect(Object.fromEntries(ports)).toEqual({
      shop: [{ name: 'http', port: 80, targetPort: 8080 }],
      worker: [{ name: 'http', port: 80, targetPort: 3000 }],
    })
  })

  test('leaves alone what is labelled so', () => {
    const worker = podOf(manifests, 'worker')
    expect(gatewayIn(worker)).toBeUndefined()
    expect(worker.labels).toEqual({ app: 'worker' })
  })

  test('leaves the last word to the patches of the user', () => {
    const patch = [
      { op: 'replace', path: '/spec/template/spec/terminationGracePeriodSeconds', value: 7300 },
      { op: 'replace', path: '/spec/template/spec/automountServiceAccountToken', value: true },
    ]
    const target = { kind: 'Deployment', name: 'shop' }
    const patched = buildWith(['sidecar'], { patches: [{ target, patch: JSON.stringify(patch) }] })
    expect(podOf(patched, 'shop').spec).toMatchObject({
      terminationGracePeriodSeconds: 7300,
      automountServiceAccountToken: true,
    })
  })
})

test('leaves valkey alone with the sidecar, in whichever order they are named', () => {
  for (const components of [
    ['sidecar', 'valkey'],
    ['valkey', 'sidecar'],
  ]) {
    const manifests = buildWith(components)
    const [service] = ofKind(manifests, 'Service').filter(
      ({ metadata }) => metadata?.name === 'inngest-gateway-valkey',
    )
    expect(service?.spec?.ports?.[0]?.targetPort).toBe(6379)
    expect(gatewayIn(podOf(manifests, 'inngest-gateway-valkey'))).toBeUndefined()
  }
})

test('scrapes the job that the alerts and the dashboard select', () => {
  const monitor = buildWith(['pod-monitor']).find(({ kind }) => kind === 'PodMonitor')
  const relabelings = [{ targetLabel: 'job', replacement: 'inngest-gateway' }]
  expect(monitor).toMatchObject({ spec: { podMetricsEndpoints: [{ port: 'ops', relabelings }] } })
})

test('labels the pods of a Deployment that does not mention protected-app', () => {
  const manifests = buildWith(['protected-app'])
  expect(podOf(manifests, 'shop').labels).toEqual({ app: 'shop', 'inngest-gateway': 'protected' })
  expect(podOf(manifests, 'worker').labels).toEqual({ app: 'worker' })
})
