/** One run: app, gateway and Inngest's server are started, do the workload, and are stopped again. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { freePort } from '../support/free-port.ts'
import { startGateway } from '../soak/gateway-process.ts'
import { startLiveApp, type LiveApp } from './app.ts'
import { appUrlsOf, configurationOf, KEY_VARIABLE } from './configuration.ts'
import { checkPort, checkProgram, startServer } from './inngest-server.ts'
import type { LogLine, Observed } from './observed.ts'
import { runWorkload } from './runs.ts'
import { wantedTraffic } from './workload.ts'

export interface LiveOptions {
  /** Inngest's server. */
  readonly program: string
  /** That it listens on; by default a free one. */
  readonly port: number | undefined
  /** Further arguments for it. */
  readonly more: readonly string[]
  /** What Node runs as the gateway. */
  readonly gateway: string
  /** For the start of the server, and for the sync of each app. */
  readonly startSeconds: number
  /** For the workload. */
  readonly seconds: number
  readonly say: (text: string) => void
}

type Stop = () => unknown

/** @param stops filled with what stops each part, so that a caller can stop all at any time. */
export async function runLive(options: LiveOptions, stops: Stop[]): Promise<Observed> {
  checkProgram(options.program)
  if (options.port !== undefined) await checkPort(options.port)
  const serverPort = options.port ?? (await freePort())
  const secrets = {
    signingKey: randomBytes(32).toString('hex'),
    eventKey: randomBytes(16).toString('hex'),
  }
  const app = await startLiveApp({
    signingKey: `signkey-prod-${secrets.signingKey}`,
    eventKey: secrets.eventKey,
    baseUrl: `http://127.0.0.1:${String(serverPort)}`,
  })
  stops.push(() => {
    app.stop()
  })
  const lines: LogLine[] = []
  const port = await freePort()
  const gateway = await startGateway(
    configurationOf({ port, upstream: app.url }),
    (line) => lines.push(line),
    { [KEY_VARIABLE]: secrets.signingKey },
    options.gateway,
  )
  stops.push(() => gateway.stop())
  // It refuses what was signed in the second of its start (docs/explanation/replay.md), and earlier.
  await delay(1100)
  const { program, more, startSeconds, say } = options
  say(`starting ${program} on port ${String(serverPort)}`)
  const appUrls = appUrlsOf(port)
  const server = await startServer({ program, port: serverPort, appUrls, more, ...secrets })
  stops.push(() => server.stop())
  await server.whenHealthy(startSeconds)
  say('the server is healthy; waiting for it to sync the apps')
  await untilSynced(lines, appUrls.length, startSeconds, () => {
    server.check()
  })
  say('synced; sending events and requests of users')
  const deadlineMs = Date.now() + options.seconds * 1000
  const outcomes = await runWorkload({ app, server, port, deadlineMs })
  await untilQuiet(app, lines)
  return { lines: [...lines], arrivals: [...app.arrivals], outcomes, wantedTraffic }
}

export async function stopAll(stops: Stop[]): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop()
}

/** @throws with what the gateway decided instead. */
async function untilSynced(
  lines: readonly LogLine[],
  apps: number,
  seconds: number,
  check: () => void,
): Promise<void> {
  const deadlineMs = Date.now() + seconds * 1000
  const synced = () =>
    new Set(
      lines
        .filter(({ method, status }) => method === 'PUT' && status === 200)
        .map(({ route }) => route),
    )
  while (synced().size < apps) {
    check()
    if (Date.now() > deadlineMs) {
      const seen = lines.map(({ method, path, status, reason }) =>
        [method, path, status, reason].map(String).join(' '),
      )
      const count = `${String(synced().size)} of ${String(apps)} apps`
      throw new Error(
        `the server synced ${count} within ${String(seconds)} s. The gateway logged: ${seen.slice(-5).join('; ') || 'no request'}`,
      )
    }
    await delay(100)
  }
}

const QUIET_MS = 2000
const LONGEST_WAIT_MS = 20_000

/** Until each request has its line in the log, and no further one comes. */
async function untilQuiet(app: LiveApp, lines: readonly LogLine[]): Promise<void> {
  const endMs = Date.now() + LONGEST_WAIT_MS
  let seen = -1
  while (
    Date.now() < endMs &&
    (app.inFlight() > 0 || seen !== app.arrivals.length + lines.length)
  ) {
    seen = app.arrivals.length + lines.length
    await delay(QUIET_MS)
  }
}
