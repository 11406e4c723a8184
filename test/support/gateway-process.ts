/** A gateway as its own process, or several, from a configuration that the test can change. */
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
  /** Code, or signal. */
  readonly ended: Promise<number | string>
  readonly log: Record<string, unknown>[]
  /** Swaps another configuration in. */
  rewrite(config: object): void
  /** Process ids of the workers. */
  workerPids(): Promise<number[]>
  ops(path: string): Promise<{ readonly status: number; readonly body: string }>
}

/**
 * @param config laid over a single route that allows loopback.
 * @param variables beside those of the signing keys.
 * @param options of `run` beside `--config`.
 * @param main what Node starts: the source, or an installed package.
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
    // A machine that is busy with other tests is no store that is down.
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
  // With it all that it logged has been read, which at its exit may be on its way yet.
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const log: Record<string, unknown>[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(JSON.parse(line) as Record<string, unknown>)
  })
  // A worker may have something to say before.
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

/** For what processes take on a busy machine. */
export const patient = { timeout: 20_000 }

export async function readiness(gateway: GatewayProcess): Promise<string> {
  const { status, body } = await gateway.ops('/readyz')
  return `${String(status)} ${body.trim()}`
}

/** By proc_pid_stat(5), where the parent follows the state, and the state the name in brackets. */
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

/** Each on a connection of its own, as Inngest's server sends them. */
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

/** Which have logged a request. */
export function workersIn({ log }: GatewayProcess): Set<unknown> {
  return new Set(log.filter(({ msg }) => msg === 'request').map(({ worker }) => worker))
}
