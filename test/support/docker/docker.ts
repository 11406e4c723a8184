/** Debian's Docker in its own folder, with stand-ins for the images of registries. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { asRoot } from '../../programs/root.ts'
import type { Ended } from '../program.ts'

/** Debian's program: another one may be first on the PATH, without BuildKit. */
const DOCKER = '/usr/bin/docker'
const FOLDER = 'test/support/docker'

export const IMAGE = 'inngest-gateway:local'

export interface Docker {
  readonly environment: NodeJS.ProcessEnv
  /** @returns its output. Throws if it failed. */
  run(args: readonly string[]): string
  /** @returns its output, and its exit code. */
  attempt(args: readonly string[]): Ended
  /** For long commands, without blocking the test. */
  runMeanwhile(args: readonly string[]): Promise<void>
  /** Builds a folder. The containers of a build use the network of the machine. */
  build(folder: string, tag: string, values?: readonly string[]): void
  /** Makes images that replace those of a registry. */
  standIn(images: readonly string[]): void
  stop(): Promise<void>
}

export async function startDocker(): Promise<Docker> {
  const folder = mkdtempSync(path.join(tmpdir(), 'docker-'))
  const stop = await startDaemon(folder)
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    DOCKER_CONFIG: path.join(folder, 'config'),
    DOCKER_BUILDKIT: '1',
  }
  const attempt = (args: readonly string[]) => runIn(environment, DOCKER, args)
  const run = (args: readonly string[]) =>
    expectSuccess(attempt(args), `docker ${args.join(' ')}`).trim()
  return {
    environment,
    attempt,
    run,
    runMeanwhile: async (args) => {
      const child = spawn(DOCKER, args, { env: environment, stdio: 'ignore' })
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(`docker ${args.join(' ')} failed with ${String(code)}`)
    },
    build: (context, tag, values = []) => {
      const pairs = [...values, ...proxies()].flatMap((value) => ['--build-arg', value])
      run(['build', '--network', 'host', '--progress', 'plain', '--tag', tag, ...pairs, context])
    },
    standIn: (images) => {
      const args = [`${FOLDER}/stand-ins`, process.execPath, ...images]
      expectSuccess(runIn(environment, 'bash', args), 'making stand-ins')
    },
    stop,
  }
}

/** Docker takes the value from the environment, and passes it to the containers of the build. */
function proxies(): readonly string[] {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']
  return [...names, ...names.map((name) => name.toLowerCase())].filter(
    (name) => process.env[name] !== undefined,
  )
}

async function startDaemon(folder: string): Promise<() => Promise<void>> {
  const group = String(process.getgid?.() ?? 0)
  const [command = '', ...args] = asRoot('bash', `${FOLDER}/daemon`, folder, group)
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const stderr = child.stderr.setEncoding('utf8').toArray()
  const closed = once(child, 'close')
  await Promise.race([once(createInterface({ input: child.stdout }), 'line'), closed])
  if (child.exitCode !== null) {
    throw new Error(`Docker's daemon does not run on this machine: ${(await stderr).join('')}`)
  }
  return async () => {
    child.stdin.end()
    await closed
    rmSync(folder, { recursive: true, force: true })
  }
}

function runIn(env: NodeJS.ProcessEnv, command: string, args: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  if (error !== undefined) throw error
  return { code: status, said: stdout + stderr }
}

function expectSuccess({ code, said }: Ended, what: string): string {
  if (code === 0) return said
  throw new Error(`${what} failed with ${String(code)}: ${said.slice(-3000)}`)
}
