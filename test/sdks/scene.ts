/** An app, what stands in for Inngest, and a gateway process in front, with a tap between gateway and app. */
import { stringify } from 'yaml'

import { startGateway, type LogLine } from '../soak/gateway-process.ts'
import { startTap } from '../support/tap.ts'
import { HOST, PATH } from './call.ts'
import type { App } from './find-apps.ts'
import { keys } from './keys.ts'
import { startStandIn, type StandIn } from './stand-in.ts'
import { startApp } from './start-app.ts'

export interface Scene {
  readonly app: App
  readonly standIn: StandIn
  readonly appPort: number
  readonly gatewayPort: number
  /** How many bytes the gateway has sent to the app. */
  reached(): number
  /** The log lines of requests, in the order in which they ended. */
  readonly requests: readonly LogLine[]
  stop(): Promise<void>
}

export type Checks = Readonly<Record<string, string>>

export interface SceneOptions {
  /** Modes of checks; all others are enforced. */
  readonly checks?: Checks
  /** Environment of the app. */
  readonly environment?: Readonly<Record<string, string>>
}

/** All that the battery shows, those that only report by default, too. */
const allChecks: Checks = {
  syncBody: 'enforce',
  syncUrl: 'enforce',
  callIds: 'enforce',
  functionId: 'enforce',
}

export async function startScene(app: App, options: SceneOptions = {}): Promise<Scene> {
  const stops: (() => unknown)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    const standIn = await startStandIn()
    stops.push(() => {
      standIn.stop()
    })
    const running = await startApp(app, standIn.url, options.environment)
    stops.push(() => running.stop())
    const tap = await startTap(running.port)
    stops.push(() => {
      tap.stop()
    })
    const requests: LogLine[] = []
    const gateway = await startGateway(
      configuration(tap.port, { ...allChecks, ...options.checks }),
      (line) => requests.push(line),
      { CURRENT: keys.current, FALLBACK: keys.fallback },
    )
    stops.push(() => gateway.stop())
    return {
      app,
      standIn,
      appPort: running.port,
      gatewayPort: gateway.port,
      reached: () => tap.requests().length,
      requests,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function configuration(tapPort: number, checks: Checks): string {
  const route = {
    host: HOST,
    upstream: `http://127.0.0.1:${String(tapPort)}`,
    serveOrigin: `https://${HOST}`,
    signingKeys: [{ env: 'CURRENT' }, { env: 'FALLBACK' }],
  }
  const paths = { app: PATH, slash: `${PATH}/`, streaming: '/api/streaming' }
  const inngest = Object.entries(paths).map(([name, path]) => ({ name, path, checks, ...route }))
  return stringify({
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: ['127.0.0.1/32'],
    replay: { coldStart: 'accept', timeout: '10s' },
    shutdown: { delay: '0s', drainTimeout: '1s' },
    routes: [...inngest, { name: 'durable', policy: 'durable', path: '/durable', ...route }],
  })
}
