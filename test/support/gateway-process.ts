/** A gateway in its own process, or with workers, from a configuration that the test can change. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { afterEach, expect } from 'vitest'
import { stringify } from 'yaml'

import { mountSecret } from './secret-mount.ts'
import { send, signatureHeader } from './sender.ts'

export const processKey = 'signkey-test-12345678123456781234567812345678'

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

export interface GatewayProcess {
  readonly child: ChildProcess
  readonly port: number
  readonly opsPort: number
  /** Exit code or signal. */
  readonly ended: Promise<number | string>
  readonly log: Record<string, unknown>[]
  /** Replaces the configuration. */
  rewrite(config: object): void
  /** Process ids of the workers. */
  workerPids(): Promise<number[]>
  ops(path: string): Promise<{ readonly status: number; readonly body: string }>
}

/**
 * @param config merged over a single route that allows loopback.
 * @param variables in addition to those of the signing keys.
 * @param options of `run` in addition to `--config`.
 * @param main the script for Node: the source, or an installed package.
 */
export async function startGatewayProcess(
  upstream: string,
  config: object,
  variables: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
  main = 'gateway/main.ts',
): Promise<GatewayProcess> {
  const base = {
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: ['127.0.0.0/8'],
    // On a busy machine a slow store must not count as unavailable.
    replay: { coldStart: 'accept', timeout: '10s' },
    shutdown: { delay: '0s' },
    routes: [{ name: 'app', upstream, signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }] }],
  }
  const textOf = (over: object) => stringify({ ...base, ...over })
  const mount = mountSecret({ 'gateway.yaml': textOf(config) })
  const args = [main, 'run', '--config', mount.fileOf('gateway.yaml'), ...options]
  const child = spawn(process.execPath, args, {
    env: {
      INNGEST_SIGNING_KEY: processKey,
      INNGEST_SIGNING_KEY_FALLBACK: 'signkey-test-99999999999999999999999999999999',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  // At 'close' the whole log has been read; at 'exit' some of it may still be on its way.
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const log: Record<string, unknown>[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(JSON.parse(line) as Record<string, unknown>)
  })
  // A worker may log something before.
  const findStarted = () => log.find(({ msg }) => msg === 'started')
  await expect.poll(findStarted, { ...patient, interval: 10 }).toBeDefined()
  const started = findStarted() as unknown as { listen: string; ops: string }
  const portOf = (text: string) => Number(text.split(':').at(-1))
  const opsPort = portOf(started.ops)
  return {
    child,
    port: portOf(started.listen),
    opsPort,
    ended,
    log,
    rewrite: (next) => {
      mount.put({ 'gateway.yaml': textOf(next) })
    },
    workerPids: () => childrenOf(child.pid ?? 0),
    ops: (target) => send({ port: opsPort, method: 'GET', target }),
  }
}

/** Two workers, ready to serve. */
export async function startWorkers(
  upstream: string,
  config: object = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(upstream, { workers: 2, ...config }, variables)
  await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
  return gateway
}

/** The time for processes on a busy machine. */
export const patient = { timeout: 20_000 }

export async function readiness(gateway: GatewayProcess): Promise<string> {
  const { status, body } = await gateway.ops('/readyz')
  return `${String(status)} ${body.trim()}`
}

/** By proc_pid_stat(5): the parent follows the state, and the state follows the name in brackets. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const isChild = new RegExp(`\\) \\w ${String(parent)} `)
  // A process may have ended in the meantime.
  const stats = pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
  const texts = await Promise.all(stats)
  return pids.filter((_, i) => isChild.test(texts[i] ?? '')).map(Number)
}

export interface SignedCall {
  readonly body: string
  readonly signature: string
}

let serial = 0

export function signCall(key: string = processKey): SignedCall {
  serial += 1
  const body = `{"ctx":{"request_id":"process-${String(process.pid)}-${String(serial)}","run_id":"run"}}`
  return { body, signature: signatureHeader(key, body, Math.floor(Date.now() / 1000)) }
}

/** Each on its own connection, as Inngest's server sends them. */
export function postCall(port: number, { body, signature }: SignedCall = signCall()) {
  return send({ port, body, headers: { 'x-inngest-signature': signature } })
}

/** @returns undefined if the connection was lost. */
export async function statusOf(port: number, call: SignedCall): Promise<number | undefined> {
  const answer = await postCall(port, call).catch(() => undefined)
  return answer?.status
}

/** Sum of the samples of a metric whose labels match. */
export function sumOf(metrics: string, name: string, labels = ''): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(name) && line.includes(labels))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** The workers that have logged a request. */
export function workersIn({ log }: GatewayProcess): Set<unknown> {
  return new Set(log.filter(({ msg }) => msg === 'request').map(({ worker }) => worker))
}
