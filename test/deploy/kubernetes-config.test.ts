/** The configurations in the ConfigMaps, read as the gateway reads them in its pod; and when it has to end. */
// @module-tag kubernetes
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { IConfigMap as ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { describe, expect, test } from 'vitest'

import type { Config } from '../../gateway/config/schema/config.ts'
import { defaultModes } from '../../gateway/admit/policy.ts'
import { commandIn } from '../support/documented-command.ts'
import {
  build,
  containersOf,
  gatewayIn,
  kustomizations,
  manifestFolder,
  ofKind,
  podsIn,
  type Manifest,
  type Pod,
} from '../support/kustomize.ts'
import { readInPod } from '../support/pod-config.ts'

const signingKey = 'signkey-test-12345678123456781234567812345678'

const gateways = kustomizations.flatMap((folder) =>
  podsIn(build(folder))
    .filter((pod) => gatewayIn(pod) !== undefined)
    .map((pod) => ({ folder, pod, configMaps: ofKind(build(folder), 'ConfigMap') })),
)

function configOf(pod: Pod, configMaps: readonly ConfigMap[]): Config {
  const reading = readInPod(pod, configMaps)
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
  return reading.settings.config
}

describe.each(gateways)('the configuration of $folder', ({ folder, pod, configMaps }) => {
  const config = configOf(pod, configMaps)

  test('is right, with every file that it names in a mounted folder', () => {
    expect(readInPod(pod, configMaps)).toMatchObject({ ok: true })
  })

  test('has the ports that the pod, its probes and the Services count on', () => {
    expect(config.listen).toMatchObject({ host: '0.0.0.0', port: 8080 })
    expect(config.ops).toMatchObject({ host: '0.0.0.0', port: 9090 })
    const ports = gatewayIn(pod)?.ports?.map(({ containerPort }) => containerPort)
    const auth = config.externalAuth?.port ?? []
    expect(ports?.sort()).toEqual([config.listen.port, auth, config.ops.port].flat())
  })

  test('lets the calls end before Kubernetes ends the pod', () => {
    expect(timeToStopMs(pod, config)).toBeLessThan(graceMs(pod))
  })

  test('relaxes no check', () => {
    expect(config.checks).toEqual(defaultModes)
    for (const { checks } of config.routes) expect(checks).toBeUndefined()
  })

  test('shares the replay cache wherever there may be two gateways', () => {
    const isAlone = folder === 'base'
    expect(config.replay.store).toBe(isAlone ? 'memory' : 'redis')
    expect(config.replay.whenUnavailable).toBe('refuse')
  })

  test('keeps the fetched ranges on what is mounted', () => {
    const mounts = gatewayIn(pod)?.volumeMounts ?? []
    const writable = mounts.filter(({ readOnly }) => readOnly !== true)
    const folders = writable.map(({ mountPath }) => path.basename(mountPath))
    expect(folders).toEqual([path.basename(path.dirname(config.inngestRanges.stateFile))])
  })
})

/** The app is told to stop when its preStop has ended, a sidecar when the app has ended. */
function timeToStopMs({ spec }: Pod, { shutdown }: Config): number {
  const sleeps = containersOf(spec).map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0)
  return Math.max(...sleeps) * 1000 + shutdown.delayMs + shutdown.drainTimeoutMs
}

function graceMs({ spec }: Pod): number {
  return (spec.terminationGracePeriodSeconds ?? 30) * 1000
}

test('serves the app next to a sidecar while calls come, and leaves it half a minute', () => {
  const sidecar = gateways.find(({ folder }) => folder === 'examples/sidecar')
  if (sidecar === undefined) throw new Error('no sidecar')
  const { pod, configMaps } = sidecar
  const config = configOf(pod, configMaps)
  expect(pod.spec.containers[0]?.lifecycle?.preStop?.sleep?.seconds).toBeGreaterThanOrEqual(5)
  expect(graceMs(pod) - timeToStopMs(pod, config)).toBeGreaterThanOrEqual(30_000)
})

test('checks, as README.md says, one that is not in the cluster yet', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'check-'))
  const secrets = { current: signingKey, fallback: signingKey, password: 'a password' }
  for (const [name, text] of Object.entries(secrets)) writeFileSync(path.join(folder, name), text)
  const shim = `#!/bin/sh\nexec '${process.execPath}' '${path.resolve('gateway/main.ts')}' "$@"\n`
  writeFileSync(path.join(folder, 'inngest-gateway'), shim, { mode: 0o755 })
  const command = commandIn('check').replaceAll('/tmp/config.yaml', `${folder}/config.yaml`)
  const { status, stdout } = spawnSync('bash', ['-euc', command], {
    cwd: path.join(manifestFolder, 'examples/sidecar'),
    env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, keys: folder },
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true })
  expect([status, stdout]).toEqual([0, expect.stringContaining('ok: 2 route(s)')])
})

describe('what would be wrong is seen', () => {
  const [{ pod, configMaps }] = gateways as [(typeof gateways)[0]]
  const changed = (from: string, to: string) =>
    structuredClone(configMaps).map((map) => ({
      ...map,
      data: { 'config.yaml': map.data?.['config.yaml']?.replace(from, to) ?? '' },
    }))

  test.each([
    ['a key that the gateway does not know', 'trustedProxies:', 'trustedProxy:'],
    ['a file that is not in the Secret', 'inngest/current', 'inngest/other'],
    ['a file in a folder that is not mounted', '/run/secrets/inngest', '/run/secrets/elsewhere'],
  ])('%s', (_, from, to) => {
    expect(readInPod(pod, changed(from, to)).ok).toBe(false)
  })

  test('notices a ConfigMap of another name', () => {
    const renamed = configMaps.map((map) => ({ ...map, metadata: { name: 'inngest-gateway-h8c' } }))
    expect(readInPod(pod, renamed).ok).toBe(false)
  })

  test('calls that may last longer than the pod', () => {
    const config = configOf(pod, changed('drainTimeout: 20s', 'drainTimeout: 25s'))
    expect(timeToStopMs(pod, config)).not.toBeLessThan(graceMs(pod))
  })
})

describe.each(kustomizations)('%s', (folder) => {
  const manifests = build(folder)

  test('mounts ConfigMaps that are there, by names without a hash', () => {
    const names = ofKind(manifests, 'ConfigMap').map(({ metadata }) => metadata?.name)
    const mounted = podsIn(manifests).flatMap(({ spec }) =>
      (spec.volumes ?? []).flatMap(({ configMap }) => configMap?.name ?? []),
    )
    expect(new Set(mounted)).toEqual(new Set(names))
    for (const name of names) expect(name).toMatch(/^inngest-gateway(?:-valkey)?$/)
  })

  test('holds no Secret, and asks for those that README.md tells how to make', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([])
    for (const name of secretsAskedFor(manifests)) {
      expect(['inngest-signing-key', 'inngest-gateway-valkey', 'billing-tls']).toContain(name)
    }
  })
})

function secretsAskedFor(manifests: readonly Manifest[]): string[] {
  return podsIn(manifests).flatMap(({ spec }) => [
    ...(spec.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []),
    ...containersOf(spec).flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
    ),
  ])
}
