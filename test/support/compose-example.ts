/** The Compose example as written, with its app and gateway as processes on loopback. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

import { afterEach } from 'vitest'

import { readYaml } from './deployed.ts'
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { startStoreServer } from './redis-server.ts'

export const composeFolder = 'deploy/compose'

export interface ComposeService {
  readonly image?: string
  readonly build?: { readonly context: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks:
    readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string }>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly cap_add?: readonly string[]
  readonly privileged?: boolean
  readonly security_opt?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly stop_grace_period?: string
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
}

export function readCompose(): Compose {
  return readYaml(`${composeFolder}/compose.yaml`) as Compose
}

export function networksOf({ networks }: ComposeService): readonly string[] {
  return Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks)
}

export function addressIn(service: ComposeService | undefined, network: string): string {
  const networks = service?.networks as Record<string, { ipv4_address?: string }> | undefined
  return networks?.[network]?.ipv4_address ?? 'none'
}

export interface GatewayConfig {
  readonly ops: { readonly host: string }
  readonly allowlist: readonly string[]
  readonly replay: { readonly url: string }
  readonly routes: readonly { readonly upstream: string; readonly serveOrigin: string }[]
}

export const gatewayConfigFile = `${composeFolder}/gateway/config.yaml`

export function readGatewayConfig(): GatewayConfig {
  return readYaml(gatewayConfigFile) as GatewayConfig
}

/** Loopback addresses that replace those of the containers. */
export const inngestAddress = '127.0.0.10'
export const appAddress = '127.0.0.20'

export const exampleKey = '1eaf61ea084285640bca13a0ae19d577ccbd215cb2ee92ad5db253d3655b1672'

export interface Example {
  readonly gateway: GatewayProcess
  readonly appPort: number
  /** The requests of the app to Inngest's API: path and body. */
  readonly registrations: { readonly path: string; readonly body: string }[]
}

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

export async function startExample(): Promise<Example> {
  const password = 'valkey-password'
  const valkey = await startStoreServer('valkey-server', '--requirepass', password)
  const { url, registrations } = await startApi()
  const appPort = await startApp(url)
  const { replay, routes, ...config } = readGatewayConfig()
  const upstream = `http://${appAddress}:${String(appPort)}`
  const onLoopback = {
    ...config,
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: [`${inngestAddress}/32`],
    // On a busy machine a slow store must not count as unavailable.
    replay: { ...replay, url: valkey.url, timeout: '10s' },
    routes: routes.map((route) => ({ ...route, upstream })),
  }
  const variables = { INNGEST_SIGNING_KEY: exampleKey, VALKEY_PASSWORD: password }
  const gateway = await startGatewayProcess(upstream, onLoopback, variables)
  return { gateway, appPort, registrations }
}

/** With the variables of its container. */
async function startApp(apiUrl: string): Promise<number> {
  const given = readCompose().services['app']?.environment ?? {}
  const child = spawn(process.execPath, [`${composeFolder}/app/app.ts`], {
    env: {
      ...given,
      HOST: appAddress,
      PORT: '0',
      INNGEST_BASE_URL: apiUrl,
      INNGEST_EVENT_KEY: 'event-key',
      INNGEST_SIGNING_KEY: exampleKey,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stops.push(() => stopChild(child))
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return (JSON.parse(line) as { listen: AddressInfo }).listen.port
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Replaces the parts of Inngest's server that the app calls. */
async function startApi() {
  const registrations: Example['registrations'] = []
  const server = createServer((request, response) => {
    let body = ''
    request
      .on('data', (chunk: Buffer) => (body += chunk.toString()))
      .on('end', () => {
        registrations.push({ path: request.url ?? '', body })
        response.setHeader('content-type', 'application/json').end('{"ok":true,"modified":true}')
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    registrations,
  }
}

/** Variables that the example requires, and their descriptions in `.env.example`. */
export function readEnvExample(): Readonly<Record<string, string>> {
  const text = readFileSync(`${composeFolder}/.env.example`, 'utf8')
  return Object.fromEntries(
    [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}
