/** A real Sentinel on loopback, which leads clients to the primary; stopped after the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { Redis } from 'ioredis'
import { afterEach } from 'vitest'

import { freePort } from './free-port.ts'
import type { StoreProgram } from './redis-server.ts'

export interface Sentinel {
  /** host:port */
  readonly address: string
  pause(): void
  /** Makes it detect the loss of the primary soon. */
  giveUpSoon(): Promise<unknown>
  /** The number of replicas that it knows. */
  replicas(): Promise<number>
}

/** Its name for the primary. */
export const sentinelName = 'primary'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** @param settings lines of its configuration. */
export async function startSentinel(
  program: StoreProgram,
  primaryPort: number,
  ...settings: string[]
): Promise<Sentinel> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sentinel-'))
  const file = path.join(folder, 'sentinel.conf')
  const downAfter = 'down-after-milliseconds'
  const lines = [
    `sentinel monitor ${sentinelName} 127.0.0.1 ${String(primaryPort)} 1`,
    // A primary that is busy for a while must not count as lost.
    `sentinel ${downAfter} ${sentinelName} 60000`,
    `sentinel failover-timeout ${sentinelName} 3000`,
    ...settings,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const port = await freePort()
  const args = [file, '--sentinel', '--port', String(port), '--bind', '127.0.0.1']
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true })
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  ends.push(async () => {
    client.disconnect()
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    rmSync(folder, { recursive: true })
  })
  // Printed when it listens, and has read its configuration.
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('+monitor')) break
  }
  child.stdout.resume()
  return {
    address: `127.0.0.1:${String(port)}`,
    pause: () => child.kill('SIGSTOP'),
    giveUpSoon: () => client.call('SENTINEL', ['SET', sentinelName, downAfter, '500']),
    replicas: async () => {
      const told = await client.call('SENTINEL', ['replicas', sentinelName])
      return (told as unknown[]).length
    },
  }
}
