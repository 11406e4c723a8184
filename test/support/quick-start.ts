/** The README's quick start with the package, as a reader types it in an empty folder. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { afterEach } from 'vitest'

import { version } from '../../gateway/version.ts'
import { processKey } from './gateway-process.ts'
import { startRegistry } from './npm-registry.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

export interface QuickStart {
  readonly port: number
  /** The files in the folder afterwards. */
  readonly files: readonly string[]
}

/** The line of the README, in which the key is omitted. */
function commandFor(upstream: string): string {
  const [line = ''] =
    /^INNGEST_SIGNING_KEY=signkey-prod-… npx .+$/m.exec(readFileSync('README.md', 'utf8')) ?? []
  const written = 'http://127.0.0.1:3000'
  if (!line.includes(written)) throw new Error('the README has no such line')
  return line.replace('signkey-prod-…', processKey).replace(written, upstream)
}

/**
 * @param archive the package in a registry on loopback.
 * @param options for free ports, and for differences from a deployment.
 */
export async function startQuickStart(
  archive: string,
  upstream: string,
  options: string,
): Promise<QuickStart> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'quick-start-'))
  const [cwd, home] = [path.join(scratch, 'empty'), path.join(scratch, 'home')]
  // npm 10 fails if the folder of global packages is missing, as it is for the Node of the lockfile.
  for (const folder of [cwd, path.join(home, 'lib')]) mkdirSync(folder, { recursive: true })
  const bin = { 'inngest-gateway': 'dist/main.js' }
  const registry = await startRegistry({ name: 'inngest-gateway', version, archive, bin })
  const child = spawn('bash', ['-c', `${commandFor(upstream)} ${options}`], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      npm_config_registry: registry.url,
      npm_config_prefix: home,
      // Inngest's lists are not fetched: a test needs no network.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const said = child.stderr.setEncoding('utf8').toArray()
  stops.push(async () => {
    registry.stop()
    await endGroup(child)
    rmSync(scratch, { recursive: true })
  })
  const listen = await Promise.race([startOf(child), once(child, 'close')])
  if (typeof listen === 'string') {
    return { port: Number(listen.split(':').at(-1)), files: readdirSync(cwd) }
  }
  throw new Error(`it did not start: ${(await said).join('')}`)
}

/** @returns the address that it listens on. */
function startOf({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (stdout === null) return
    createInterface({ input: stdout }).on('line', (line) => {
      const { msg, listen = '' } = JSON.parse(line) as { msg: string; listen?: string }
      if (msg === 'started') resolve(listen)
    })
  })
}

/** The shell and its children are a process group of their own. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = once(child, 'close')
  process.kill(-child.pid, 'SIGKILL')
  await ended
}
