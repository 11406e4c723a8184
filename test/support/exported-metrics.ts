/**
 * The metrics of a real gateway with workers, after requests of every kind, so that each family has series: all
 * names, and the labels of each.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'

import {
  patient,
  postCall,
  signCall,
  startWorkers,
  sumOf,
  type GatewayProcess,
} from './gateway-process.ts'
import { startLenientUpstream } from './lenient-upstream.ts'
import { recordingOps, startRecording } from './recording.ts'
import { send } from './sender.ts'
import { statusToken } from './test-gateway.ts'

export interface ExportedMetrics {
  /** By the names of samples: a histogram has three. */
  readonly labelsOf: ReadonlyMap<string, ReadonlySet<string>>
  /** The gateway's own families, by name, that have no sample. */
  readonly silent: readonly string[]
}

export async function readExportedMetrics(): Promise<ExportedMetrics> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ranges-'))
  const file = path.join(folder, 'ranges.txt')
  writeFileSync(file, '198.212.45.0/24\n')
  const upstream = await startLenientUpstream()
  const gateway = await startWorkers(upstream.url, configWith(file, upstream.url), {
    STATUS_TOKEN: statusToken,
  })
  try {
    gateway.rewrite({ workers: 2, ...configWith(file, upstream.url, lenientChecks) })
    const metrics = async () => (await gateway.ops('/metrics')).body
    await expect
      .poll(async () => sumOf(await metrics(), 'inngest_gateway_config_reloads_total'), patient)
      .toBe(2)
    await sendOfEveryKind(gateway)
    return parseMetrics(await metrics())
  } finally {
    gateway.child.kill()
    await gateway.ended
    upstream.stop()
    rmSync(folder, { recursive: true })
  }
}

const lenientChecks = { allowlist: 'report', replay: 'off' }

function configWith(file: string, upstream: string, checks: object = {}): object {
  const signingKeys = [{ env: 'INNGEST_SIGNING_KEY' }, { env: 'INNGEST_SIGNING_KEY_FALLBACK' }]
  const route = { upstream, signingKeys }
  return {
    ops: recordingOps,
    allowlist: ['inngest', '127.0.0.1'],
    inngestRanges: { file, stateFile: path.join(path.dirname(file), 'state.json') },
    shutdown: { delay: '0s', drainTimeout: '100ms' },
    routes: [
      { ...route, name: 'app' },
      { ...route, name: 'trial', path: '/trial', checks },
      { ...route, ...everyFeature, name: 'billing', path: '/billing' },
      { ...route, name: 'endpoints', policy: 'durable', path: '/endpoints', host: 'app.example' },
    ],
  }
}

/** With two workers, each has half of the rate. */
const everyFeature = {
  apps: ['billing'],
  encryption: 'report',
  resignWith: { env: 'INNGEST_SIGNING_KEY_FALLBACK' },
  limits: { maxRequestsInFlight: 100, rate: '20/s' },
}

/** So many at once that some have to wait. */
const BURST = 30

/** Enough for a worker to report the median age. */
const CALLS = 60

async function sendOfEveryKind(gateway: GatewayProcess): Promise<void> {
  const { port } = gateway
  await startRecording(gateway, 1)
  await Promise.all(Array.from({ length: BURST }, () => callBilling(port)))
  await Promise.all(Array.from({ length: CALLS }, () => postCall(port)))
  const spent = signCall()
  await postCall(port, spent)
  const sent = [
    postCall(port, spent),
    postCall(port, { ...signCall(), body: '{"forged":true}' }),
    send({ port, method: 'PURGE' }),
    send({ port, method: 'GET', target: '/endpoints/a', headers: { host: 'app.example' } }),
    send({ port, target: '/trial', method: 'GET', from: '127.0.0.2' }),
  ]
  await Promise.all(sent)
}

function callBilling(port: number) {
  const { body, signature } = signCall()
  const headers = { 'x-inngest-signature': signature }
  return send({ port, target: '/billing?fnId=billing-pay&stepId=step', body, headers })
}

function parseMetrics(text: string): ExportedMetrics {
  const labelsOf = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z]\w*)(\{.*\})? \S+$/gm)) {
    const known = labelsOf.get(name) ?? new Set<string>()
    for (const [, label = ''] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label)
    labelsOf.set(name, known)
  }
  const families = [...text.matchAll(/^# TYPE (inngest_gateway_\w+) (\w+)$/gm)]
  const silent = families.filter(
    ([, name = '', kind]) => !labelsOf.has(kind === 'histogram' ? `${name}_count` : name),
  )
  return { labelsOf, silent: silent.map(([, name = '']) => name) }
}
