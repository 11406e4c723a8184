/** The gateway as its own process, with what it logs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { send } from '../support/sender.ts'
import { environment } from './settings.ts'
import { until } from './until.ts'

export type LogLine = Readonly<Record<string, unknown>>

export interface RunningGateway {
  readonly port: number
  /** The log, but for the lines of requests. */
  readonly events: readonly LogLine[]
  /** Puts another configuration in place, whole. */
  write(configuration: string): void
  /** Has it read at once. */
  signal(): void
  metrics(): Promise<string>
  readiness(): Promise<number>
  /** @returns its exit code, or the signal that ended it. */
  stop(): Promise<number | string>
}

const root = path.join(import.meta.dirname, '../..')

/**
 * @param onRequest called with the log line of each request.
 * @param env its environment, with the signing keys.
 * @param main what Node runs: the source, or a build of it.
 */
export async function startGateway(
  configuration: string,
  onRequest: (line: LogLine) => void,
  env: Readonly<Record<string, string>> = environment,
  main = 'gateway/main.ts',
): Promise<RunningGateway> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-soak-'))
  const file = path.join(folder, 'gateway.yaml')
  const write = (text: string) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  write(configuration)
  const child = spawn(process.execPath, [main, 'run', '--config', file], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  const events: LogLine[] = []
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as LogLine
    if (line['msg'] === 'request') onRequest(line)
    else events.push(line)
  })
  const findStarted = () => events.find(({ msg }) => msg === 'started')
  await until('the gateway has started', () => findStarted() ?? child.exitCode !== null)
  const portOf = (name: string) => Number(String(findStarted()?.[name]).split(':').at(-1))
  const opsPort = portOf('ops')
  const ask = (target: string) => send({ port: opsPort, method: 'GET', target })
  return {
    port: portOf('listen'),
    events,
    write,
    signal: () => child.kill('SIGHUP'),
    metrics: async () => (await ask('/metrics')).body,
    readiness: async () => (await ask('/readyz')).status,
    stop: async () => {
      child.kill('SIGTERM')
      const [code, signal] = await ended
      rmSync(folder, { recursive: true, force: true })
      return code ?? signal ?? 'unknown'
    },
  }
}
