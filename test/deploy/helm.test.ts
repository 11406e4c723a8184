/** The chart of deploy/helm, as Helm checks, packs and renders it. */
// @module-tag kubernetes
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { chartFolder } from '../support/chart-values.ts'
import { manifestsOf, render, renderOver, valueFile, valueFiles } from '../support/helm.ts'
import { ofKind, podOf } from '../support/kustomize.ts'
import { readInPod } from '../support/pod-config.ts'
import { runProgram } from '../support/program.ts'

const { version } = parse(readFileSync('package.json', 'utf8')) as { version: string }

describe('the chart', () => {
  it.each(valueFiles)('passes `helm lint --strict` with %s', (file) => {
    const args = ['lint', '--strict', chartFolder, '--values', file]
    expect(runProgram('helm', args)).toMatchObject({ code: 0 })
  })

  it('is installed with the values of its README', () => {
    const readme = readFileSync(path.join(chartFolder, 'README.md'), 'utf8')
    const [, values = ''] = /<!-- tested: values -->\s+```yaml\n(.*?)```/s.exec(readme) ?? []
    const manifests = manifestsOf(renderOver(valueFile('minimal'), parse(values) as object))
    expect(manifests.map(({ kind }) => kind)).toContain('HTTPRoute')
    expect(
      readInPod(podOf(manifests, 'inngest-gateway'), ofKind(manifests, 'ConfigMap')),
    ).toMatchObject({ ok: true, settings: { config: { trustedProxies: ['10.244.0.0/16'] } } })
  })

  it('has the version of the gateway', () => {
    const chart = parse(readFileSync(path.join(chartFolder, 'Chart.yaml'), 'utf8')) as object
    expect(chart).toMatchObject({ version, appVersion: version })
  })

  it('is packed with the alerts and the dashboard themselves, without the values of the tests', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'package-'))
    const { code } = runProgram('helm', ['package', chartFolder, '--destination', folder])
    const file = path.join(folder, `inngest-gateway-${version}.tgz`)
    const listed = runProgram('bash', ['-c', `tar -tzf '${file}'`]).said
    const packed = (name: string) =>
      runProgram('bash', ['-c', `tar -xzOf '${file}' 'inngest-gateway/files/${name}'`]).said
    const observed = (name: string) => readFileSync(`deploy/observability/${name}`, 'utf8')
    expect(code).toBe(0)
    expect(listed).not.toContain('/ci/')
    expect(packed('alerts.yaml')).toBe(observed('alerts.yaml'))
    expect(packed('dashboard.json')).toBe(observed('dashboard.json'))
    rmSync(folder, { recursive: true })
  })
})

describe('what the Prometheus operator and Grafana read', () => {
  const manifests = render(valueFile('companion'))
  const [rule, monitor] = ['PrometheusRule', 'ServiceMonitor'].map((kind) =>
    manifests.find((manifest) => manifest.kind === kind),
  )

  it('has the alert rules of deploy/observability', () => {
    const alerts = parse(readFileSync('deploy/observability/alerts.yaml', 'utf8')) as object
    expect(rule).toMatchObject({ spec: alerts, metadata: { labels: { release: 'prometheus' } } })
  })

  it('has the dashboard of deploy/observability', () => {
    const [map] = ofKind(manifests, 'ConfigMap').filter(
      ({ metadata }) => metadata?.labels?.['grafana_dashboard'] === '1',
    )
    const dashboard = readFileSync('deploy/observability/dashboard.json', 'utf8')
    expect(map?.data?.['inngest-gateway.json']?.trim()).toBe(dashboard.trim())
  })

  it('scrapes the job that the alerts and the dashboard select', () => {
    const relabelings = [{ targetLabel: 'job', replacement: 'inngest-gateway' }]
    const endpoint = { port: 'ops', path: '/metrics', interval: '30s', relabelings }
    expect(monitor).toMatchObject({ spec: { endpoints: [endpoint] } })
    const sidecar = render(valueFile('sidecar')).find(({ kind }) => kind === 'PodMonitor')
    expect(sidecar).toMatchObject({ spec: { podMetricsEndpoints: [{ port: 'ops', relabelings }] } })
  })
})

describe('the values', () => {
  const refused: readonly (readonly [string, object, string])[] = [
    ['the gateway does not know a key', { config: { trustedProxy: [] } }, "'trustedProxy'"],
    ['the chart does not know a key', { replicaCount: 2 }, "'replicaCount'"],
    ['a check has an unknown mode', { config: { checks: { replay: 'maybe' } } }, 'checks'],
    [
      'the kubelet could not reach the ops port',
      { config: { ops: { host: '127.0.0.1' } } },
      '/ops',
    ],
    ['several gateways would share no replay cache', { replicas: 2 }, 'shared replay cache'],
    [
      'autoscaled gateways would share no replay cache',
      { autoscaling: { enabled: true } },
      'shared replay cache',
    ],
    [
      'pods other than the trusted proxies could claim to be Inngest',
      { config: { trustedProxies: ['10.244.0.0/16'] } },
      'networkPolicy.ingressFrom',
    ],
    ['an HTTPRoute has no parent', { httpRoute: { enabled: true } }, 'httpRoute.parentRefs'],
    ['the mode is unknown', { mode: 'daemon' }, '/mode'],
  ]

  it.each(refused)('are refused if %s', (_, over, message) => {
    const { code, said } = renderOver(valueFile('minimal'), over)
    expect([code, said]).toEqual([1, expect.stringContaining(message)])
  })

  it('are needed, since only the operator knows the routes', () => {
    const { code, said } = runProgram('helm', ['template', 'inngest-gateway', chartFolder])
    expect([code, said]).toEqual([1, expect.stringContaining("missing property 'routes'")])
  })
})
