/** Inngest's server as its own process, from the program that the operator named. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

import { accepts } from '../support/accepts.ts'
import { freePort } from '../support/free-port.ts'

export interface ServerOptions {
  readonly program: string
  readonly port: number
  /** Bare hex: the server uses it as it is written (`cmd/start/start.go`). */
  readonly signingKey: string
  readonly eventKey: string
  readonly appUrls: readonly string[]
  /** Further arguments, as the operator gave them. */
  readonly more: readonly string[]
}

export interface StartedServer {
  /** @throws with what it printed, if it is not in time. */
  whenHealthy(seconds: number): Promise<void>
  /** Statuses of the runs that an event started. */
  statusesOf(eventId: string): Promise<readonly string[]>
  /** @throws if it has ended by itself. */
  check(): void
  stop(): Promise<void>
}

/** Enough to see why a program ended. */
const KEPT_CHARACTERS = 4000
const KEPT_LINES = 15
const KILL_AFTER_MS = 10_000

/** @throws with what to write instead. */
export function checkProgram(program: string): void {
  const stats = statSync(program, { throwIfNoEntry: false })
  if (stats === undefined) throw new Error(`--inngest: there is no file ${program}`)
  if (!stats.isFile())
    throw new Error(`--inngest: ${program} is not a file: name the program itself`)
  try {
    accessSync(program, constants.X_OK)
  } catch {
    throw new Error(`--inngest: ${program} is not executable: run chmod +x on it`)
  }
}

/** @throws if a program listens there already. */
export async function checkPort(port: number): Promise<void> {
  if (!(await accepts(port))) return
  throw new Error(`--port: port ${String(port)} is in use: name another one, or leave it out`)
}

export async function startServer(options: ServerOptions): Promise<StartedServer> {
  const { program, port } = options
  const folder = mkdtempSync(path.join(tmpdir(), 'inngest-server-'))
  const child = spawn(path.resolve(program), await argumentsOf(options, folder), {
    // It reads a configuration file in its folder, if there is one.
    cwd: folder,
    // So that what it starts itself ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder, DO_NOT_TRACK: '1' },
  })
  const printed = keepPrinted(child)
  const ended = endOf(child)
  const url = `http://127.0.0.1:${String(port)}`
  const check = () => {
    if (!hasEnded(child)) return
    throw new Error(`${program} ended by itself (${endingOf(child)}). ${printed()}`)
  }
  return {
    check,
    whenHealthy: async (seconds) => {
      if (await becomesHealthy(url, seconds, check)) return
      const within = `within ${String(seconds)} s`
      throw new Error(`${program} did not serve ${url}/health ${within}. ${printed()}`)
    },
    statusesOf: (id) => statusesOf(url, options.signingKey, id),
    stop: async () => {
      await stopGroup(child, ended)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function argumentsOf(options: ServerOptions, folder: string): Promise<readonly string[]> {
  const { port, signingKey, eventKey, appUrls, more } = options
  return [
    'start',
    '--host=127.0.0.1',
    `--port=${String(port)}`,
    `--signing-key=${signingKey}`,
    `--event-key=${eventKey}`,
    ...appUrls.map((url) => `--sdk-url=${url}`),
    `--sqlite-dir=${folder}`,
    '--poll-interval=60',
    `--connect-gateway-port=${String(await freePort())}`,
    ...more,
  ]
}

function keepPrinted({ stdout, stderr }: ChildProcess): () => string {
  let text = ''
  const add = (chunk: Buffer) => (text = `${text}${String(chunk)}`.slice(-KEPT_CHARACTERS))
  stdout?.on('data', add)
  stderr?.on('data', add)
  return () => {
    const lines = text.trimEnd().split('\n').slice(-KEPT_LINES)
    return text === '' ? 'It printed nothing.' : `It printed:\n${lines.join('\n')}`
  }
}

/** All that it printed has been read by then. */
async function endOf(child: ChildProcess): Promise<void> {
  // A program that cannot be started has an error instead.
  await Promise.race([once(child, 'close'), once(child, 'error')]).catch(() => undefined)
}

const hasEnded = ({ pid, exitCode, signalCode }: ChildProcess) =>
  pid === undefined || exitCode !== null || signalCode !== null

function endingOf({ pid, exitCode, signalCode }: ChildProcess): string {
  if (pid === undefined) return 'it could not be started'
  return signalCode === null ? `exit code ${String(exitCode)}` : `signal ${signalCode}`
}

async function stopGroup(child: ChildProcess, ended: Promise<void>): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  if (!hasEnded(child)) process.kill(-pid, 'SIGTERM')
  const late = setTimeout(() => {
    if (!hasEnded(child)) process.kill(-pid, 'SIGKILL')
  }, KILL_AFTER_MS)
  await ended
  clearTimeout(late)
}

async function becomesHealthy(url: string, seconds: number, check: () => void): Promise<boolean> {
  const deadlineMs = Date.now() + seconds * 1000
  while (Date.now() < deadlineMs) {
    check()
    const signal = AbortSignal.timeout(2000)
    const response = await fetch(`${url}/health`, { signal }).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok === true) return true
    await delay(100)
  }
  check()
  return false
}

async function statusesOf(url: string, key: string, eventId: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/v1/events/${eventId}/runs`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined)
  if (response?.ok !== true) return []
  const { data } = (await response.json()) as { readonly data?: readonly { status: string }[] }
  return (data ?? []).map(({ status }) => status)
}
