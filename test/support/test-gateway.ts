/** A gateway in this process with a clock that the test sets, on free ports. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'

import { pino } from 'pino'
import { stringify } from 'yaml'

import { readSettingsFile } from '../../gateway/config/load.ts'
import { formatProblem } from '../../gateway/config/problem.ts'
import { startGateway } from '../../gateway/gateway.ts'
import { loggedError } from '../../gateway/redact/safe-text.ts'

export const testKey =
  'signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f'
export const fallbackKey = 'signkey-test-0123456789abcdef0123456789abcdef'

export const statusToken = 'status-token-of-the-tests'

type Config = Readonly<Record<string, unknown>> & { readonly shutdown?: object }

export interface ManualClock {
  wallMs: number
  monotonic: number
  nowMs(): number
  monotonicMs(): number
}

export interface TestGateway {
  readonly port: number
  readonly opsPort: number
  /** 0 without external authorization. */
  readonly externalAuthPort: number
  readonly clock: ManualClock
  readonly logLines: Record<string, unknown>[]
  metricsText(): Promise<string>
  /** Writes the records of ended requests, before the clock is set. */
  flush(): void
  /** Writes another configuration, or any text, to the gateway's file, without a reload. */
  rewrite(config: Config | string): void
  /** The last text that was written. */
  written(): string
  /** Like SIGHUP. */
  reload(): void
  stop(): Promise<void>
}

/** @param config merged over a single route that allows loopback. */
export async function startTestGateway(
  upstream: string,
  config: Config = {},
  wallMs: number = Date.now(),
  keys: { primary: string; fallback: string } = { primary: testKey, fallback: fallbackKey },
): Promise<TestGateway> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-'))
  const file = path.join(folder, 'gateway.yaml')
  const base = {
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: ['127.0.0.0/8'],
    routes: [{ name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }, { env: 'FALLBACK' }] }],
  }
  const rewrite = (next: Config | string) => {
    const whole = typeof next === 'string' ? next : stringify(layOver(base, next))
    // Renamed into place, so that no reader gets half of it.
    writeFileSync(`${file}.new`, whole)
    renameSync(`${file}.new`, file)
  }
  rewrite(config)
  const env = { PRIMARY: keys.primary, FALLBACK: keys.fallback, STATUS_TOKEN: statusToken }
  const read = () => readSettingsFile(file, env)
  const reading = read()
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  const clock: ManualClock = {
    wallMs,
    monotonic: 0,
    nowMs: () => clock.wallMs,
    monotonicMs: () => clock.monotonic,
  }
  const logLines: Record<string, unknown>[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logLines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  // Like a process that has run for ten minutes, so that old signatures are not refused because of the start.
  clock.wallMs = wallMs - 600_000
  const gateway = await startGateway(reading, {
    read,
    clock,
    logger: pino({ base: null, serializers: { err: loggedError } }, sink),
    tracing: undefined,
  })
  clock.wallMs = wallMs
  return {
    port: gateway.trafficPort,
    opsPort: gateway.opsPort,
    externalAuthPort: gateway.externalAuthPort ?? 0,
    clock,
    get logLines() {
      gateway.flushRecords()
      return logLines
    },
    flush: () => {
      gateway.flushRecords()
    },
    metricsText: () => gateway.metrics.registry.metrics(),
    rewrite,
    written: () => readFileSync(file, 'utf8'),
    reload: () => {
      gateway.reload()
    },
    stop: async () => {
      await gateway.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Tests do not wait for a load balancer by default. */
function layOver(base: object, config: Config): object {
  return { ...base, ...config, shutdown: { delay: '0s', ...config.shutdown } }
}
