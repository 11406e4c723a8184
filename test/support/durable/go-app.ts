/** An app with a durable endpoint on the real Go SDK, in cloud mode: go-app/main.go, built and started. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { send } from '../sender.ts'
import type { DurableApp, DurableAppOptions, Reached } from './app.ts'

export interface GoApp extends DurableApp {
  /** Waits until everything that happened in it is in `reached` and `ran`. */
  settle(): Promise<void>
}

export interface BuiltGoApp {
  readonly start: (options: DurableAppOptions) => Promise<GoApp>
  remove(): void
}

/** What main.go prints. */
interface Line {
  readonly port?: number
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, readonly string[]>>
  readonly ran?: string
}

/** Fetches the SDK as go.sum pins it, unless it is in Go's cache. */
export function buildGoApp(): BuiltGoApp {
  const folder = mkdtempSync(path.join(tmpdir(), 'go-durable-app-'))
  const program = path.join(folder, 'go-durable-app')
  const { status, stderr, error } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: path.join(import.meta.dirname, 'go-app'),
    encoding: 'utf8',
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      // An older Go fetches the release that the SDK needs, as a module from Go's checksum database.
      GOTOOLCHAIN: 'auto',
      GOFLAGS: '-mod=readonly -buildvcs=false',
    },
  })
  if (status !== 0) throw error ?? new Error(`go build: ${stderr}`)
  return {
    start: (options) => startGoApp(program, options),
    remove: () => {
      rmSync(folder, { recursive: true })
    },
  }
}

async function startGoApp(program: string, { key, apiUrl }: DurableAppOptions): Promise<GoApp> {
  const child = spawn(program, [], {
    // It prints a warning for each empty body.
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { INNGEST_SIGNING_KEY: key, INNGEST_API: apiUrl },
  })
  const reached: Reached[] = []
  const ran = new Map<string, number>()
  const lines = createInterface(child.stdout)
  const [first] = (await once(lines, 'line')) as [string]
  const { port = 0 } = JSON.parse(first) as Line
  let settled = 0
  lines.on('line', (text) => {
    const line = JSON.parse(text) as Line
    if (line.ran !== undefined) ran.set(line.ran, (ran.get(line.ran) ?? 0) + 1)
    else if (line.target === '/settled') settled += 1
    else reached.push(reachedOf(line))
  })
  return {
    port,
    reached,
    ran,
    settle: async () => {
      const before = settled
      await send({ port, method: 'GET', target: '/settled' })
      while (settled === before) await once(lines, 'line')
    },
    stop: async () => {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    },
  }
}

function reachedOf({ method = '', target = '', headers = {} }: Line): Reached {
  const named: IncomingHttpHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.join(', ')]),
  )
  return { method, target, headers: named }
}
