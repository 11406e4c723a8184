/** The whole example of deploy/compose, started by docker-compose with stand-ins for the images of registries. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stringify } from 'yaml'

import { composeFolder, exampleKey, readCompose, readEnvExample } from '../compose-example.ts'
import type { Docker } from './docker.ts'

const APP_IMAGE = 'shop:local'

export interface Stack {
  readonly services: readonly string[]
  /** According to its own health check. */
  healthOf(service: string): string
  /** The output of a program in its container. */
  exec(service: string, ...command: readonly string[]): string
  stop(): void
}

/** Needs the gateway's image, and the stand-in for Node's. */
export function startStack(docker: Docker): Stack {
  const folder = mkdtempSync(path.join(tmpdir(), 'compose-stack-'))
  const { services } = readCompose()
  docker.standIn(
    Object.values(services)
      .flatMap(({ image }) => image ?? [])
      .filter(isOfRegistry),
  )
  docker.build(path.join(composeFolder, 'app'), APP_IMAGE, ['NODE_IMAGE=stand-in/node'])
  writeFiles(folder)
  const compose = (...args: readonly string[]) => {
    const files = ['--file', `${folder}/compose.yaml`, '--env-file', `${folder}/.env`]
    const all = ['--project-directory', composeFolder, ...files, ...args]
    const { status, stdout, stderr } = spawnSync('docker-compose', all, {
      env: docker.environment,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`docker-compose ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout.trim()
  }
  const idOf = (service: string) => compose('ps', '--quiet', service)
  compose('up', '--no-build', '--detach')
  return {
    services: Object.keys(services),
    healthOf: (service) =>
      docker.run(['inspect', '--format', '{{.State.Health.Status}}', idOf(service)]),
    exec: (service, ...command) => docker.run(['exec', idOf(service), ...command]),
    stop: () => {
      compose('down', '--volumes')
      rmSync(folder, { recursive: true })
    },
  }
}

const isOfRegistry = (image: string) => !image.endsWith(':local')

/**
 * The example unchanged, except that its images are already built, and that it publishes no port of this
 * machine.
 */
function writeFiles(folder: string): void {
  const { services, ...rest } = readCompose()
  const changed = Object.entries(services).map(([name, service]) => {
    const { ports, build, image = APP_IMAGE, ...same } = service
    return [name, { ...same, image }] as const
  })
  const text = stringify({ ...rest, services: Object.fromEntries(changed) })
  writeFileSync(path.join(folder, 'compose.yaml'), text)
  const filledIn = {
    ...readEnvExample(),
    INNGEST_SIGNING_KEY: exampleKey,
    INNGEST_EVENT_KEY: 'event-key',
    VALKEY_PASSWORD: 'valkey-password',
    GRAFANA_PASSWORD: 'grafana-password',
  }
  const lines = Object.entries(filledIn).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(path.join(folder, '.env'), lines.join(''))
}
