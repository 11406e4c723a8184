/** A real Redis or Valkey on loopback, to pause, kill, restart and fill; stopped after the test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { Redis } from 'ioredis'
import { afterEach } from 'vitest'

import { freePort } from './free-port.ts'

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** The test's own client. */
  readonly client: Redis
  pause(): void
  resume(): void
  kill(): Promise<void>
  /** On the same port, with its saved data, if there is any. */
  start(): Promise<void>
  stop(): Promise<void>
}

const started: RedisServer[] = []
afterEach(async () => {
  for (const server of started.splice(0).reverse()) await server.stop()
})

/** The programs for `replay.store: redis`. */
export const storePrograms = ['redis-server', 'valkey-server'] as const

export type StoreProgram = (typeof storePrograms)[number]

/** @param options for the command line of redis-server. */
export function startRedis(...options: string[]): Promise<RedisServer> {
  return startStoreServer('redis-server', ...options)
}

/** @param options for the command line of the program. */
export async function startStoreServer(
  program: StoreProgram,
  ...options: string[]
): Promise<RedisServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'redis-'))
  const port = await freePort()
  let child = await spawnServer(program, port, folder, options)
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20 })
  client.on('error', () => undefined)
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${String(port)}`,
    client,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill,
    start: async () => {
      child = await spawnServer(program, port, folder, options)
    },
    stop: async () => {
      client.disconnect()
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  started.push(server)
  return server
}

async function spawnServer(
  program: StoreProgram,
  port: number,
  folder: string,
  options: readonly string[],
): Promise<ChildProcess> {
  const always = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const child = spawn(program, [...always, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const isUp = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve()
    })
    child.once('exit', (code) => {
      reject(new Error(`${program} ended with ${String(code)}`))
    })
    child.once('error', reject)
  })
  await isUp
  return child
}
