/** A gateway that starts, serves, changes its settings and stops. It is assembled only here. */
import type { Logger } from 'pino'

import { allowPublished, type Settings } from './config/compile.ts'
import type { SettingsReading } from './config/load.ts'
import {
  closeParts,
  createParts,
  type MachineMemory,
  type Parts,
  type Surroundings,
} from './deps.ts'
import { createExternalAuthListener } from './ext-auth/listener.ts'
import { Connections } from './accept/connections.ts'
import { drain, type DrainedListener, type DrainTimes } from './exchange/drain.ts'
import type { ClientListener } from './accept/client-listener.ts'
import { listen, portOf } from './accept/listen.ts'
import { openListener } from './accept/open-listener.ts'
import { createOpsServer } from './ops/server.ts'
import { createTrafficListener } from './exchange/traffic-listener.ts'
import { RangesSupervisor } from './ranges/supervisor.ts'
import type { Metrics } from './record/metrics.ts'
import { UnlistedRanges } from './record/unlisted-ranges.ts'
import { ReadinessLog } from './ops/readiness-log.ts'
import { Readiness } from './ops/readiness.ts'
import { Reloader } from './config/reload.ts'
import { MemoryPairs } from './pairs/memory-pairs.ts'
import { createMemoryStore } from './replay/create-store.ts'
import { readStatus } from './ops/status/read.ts'
import { StatusPage } from './ops/status/serve.ts'
import type { Status } from './ops/status/status.ts'
import { ownRecordings, RecordingDesk, type RecordingSource } from './ops/recording/desk.ts'
import { RecordingPage } from './ops/recording/page.ts'
import type { Recordings } from './recording/recording.ts'
import { warningsOf } from './config/warnings.ts'

/** Serves the traffic, without a listener for metrics and health. */
export interface Serving {
  readonly trafficPort: number
  /** Undefined if there is no `externalAuth`. */
  readonly externalAuthPort: number | undefined
  readonly metrics: Metrics
  readonly health: Readiness
  requestsInFlight(): number
  /** Undefined if the status page is off. */
  readStatus(): Status | undefined
  /** The recordings of this process. */
  readonly recordings: Recordings
  /** Writes the waiting records to the log and the metrics. */
  flushRecords(): void
  /** Reads the configuration again, even if no file has changed, and fetches the ranges. */
  reload(): void
  /**
   * First reports that it is not ready, then refuses new connections, then waits for calls in progress.
   * @param delayMs how long it still serves; default `shutdown.delay`.
   */
  stop(delayMs?: number): Promise<StopReport>
}

export interface Gateway extends Serving {
  readonly opsPort: number
}

export interface StopReport {
  /** Calls that were cut off at the end of the time. */
  readonly requestsAborted: number
}

export async function startGateway(
  first: SettingsReading & { ok: true },
  surroundings: Surroundings,
): Promise<Gateway> {
  const { settings } = first
  const serving = await startServing(first, surroundings, startMemory(settings, surroundings))
  const { health, metrics } = serving
  const page = pageOf(settings, serving, surroundings)
  const recording = recordingOf(settings, ownRecordings(serving.recordings), surroundings)
  const { hosts } = settings.config.ops
  const opsParts = { registry: metrics.registry, health, page, recording, hosts }
  const ops = createOpsServer(opsParts, settings.config.limits)
  try {
    await openListener('ops', settings.config.ops, () => listen(ops, settings.config.ops))
  } catch (error) {
    // The process ends instead of serving without health or metrics.
    void serving.stop(0)
    throw error
  }
  const readinessLog = new ReadinessLog(health, surroundings.logger, surroundings.clock)
  return {
    ...serving,
    opsPort: portOf(ops),
    stop: async (delayMs) => {
      const report = await serving.stop(delayMs)
      readinessLog.stop()
      ops.close()
      ops.closeAllConnections()
      return report
    },
  }
}

function pageOf(
  { config, statusToken }: Settings,
  serving: Serving,
  { logger }: Surroundings,
): StatusPage | undefined {
  if (!config.ops.statusPage.enabled) return undefined
  const read = () => Promise.resolve(serving.readStatus())
  return new StatusPage({ token: statusToken, read, health: serving.health, logger })
}

/** @returns undefined without the status page and its token. */
export function recordingOf(
  { config, statusToken }: Settings,
  source: RecordingSource,
  { clock, logger }: Pick<Surroundings, 'clock' | 'logger'>,
): RecordingPage | undefined {
  if (!config.ops.statusPage.enabled) return undefined
  return new RecordingPage(new RecordingDesk({ source, clock, logger }), statusToken)
}

/**
 * Requests signed in the second of the start are refused, too: an earlier process may have served some of them.
 */
export function startMemory(
  settings: Settings,
  { clock, logger }: Pick<Surroundings, 'clock' | 'logger'>,
): MachineMemory {
  const sinceSeconds = Math.ceil(clock.nowMs() / 1000)
  const replay = createMemoryStore(settings, sinceSeconds)
  const stores = { replay, pairs: new MemoryPairs() }
  return { stores, unlisted: new UnlistedRanges(clock, logger), workers: 1, sinceSeconds }
}

export async function startServing(
  first: SettingsReading & { ok: true },
  surroundings: Surroundings,
  memory: MachineMemory,
): Promise<Serving> {
  const { settings } = first
  const { clock, logger, tracing } = surroundings
  const ranges = new RangesSupervisor({
    clock,
    logger,
    onRefresh: (source, result) => {
      metrics.rangeRefreshes.inc({ source, result })
    },
    onChange: (current) => {
      live.replace(allowPublished(live.settings, current.ranges))
    },
  })
  const parts = await createParts(settings, memory, surroundings, ranges)
  const { metrics, live } = parts
  const traffic = createTrafficListener(parts.connections, parts)
  const putInForce = (next: Settings) => {
    ranges.follow(next)
    live.replace(allowPublished(next, ranges.current?.ranges ?? []))
  }
  putInForce(settings)
  const opened = await openTraffic(traffic, settings, parts)
  const externalAuth = await openExternalAuth(settings, parts)
  const listeners = externalAuth === undefined ? [opened] : [opened, externalAuth]
  warn(settings, logger)
  const apply = (next: Settings) => {
    putInForce(next)
    adjust(next, traffic, parts.gates, logger)
  }
  const reloader = new Reloader(settings, { ...surroundings, apply, metrics })
  await reloader.start(first)
  return {
    trafficPort: opened.port,
    externalAuthPort: externalAuth?.port,
    metrics,
    health: new Readiness(parts, ranges),
    requestsInFlight: () => live.requestsInFlight,
    readStatus: () => readStatus(parts, reloader.state),
    recordings: parts.recordings,
    flushRecords: parts.state.flushRecords,
    reload: () => {
      reloader.reload('signal')
      ranges.refresh()
    },
    stop: async (delayMs) => {
      reloader.stop()
      parts.unlistedCalls.stop()
      await ranges.stop()
      const times = drainTimes(live.settings, delayMs)
      const requestsAborted = await drain({ listeners, ...parts, logger }, times)
      await closeParts(parts, tracing)
      return { requestsAborted }
    },
  }
}

function drainTimes({ config: { shutdown } }: Settings, delayMs = shutdown.delayMs): DrainTimes {
  return { ...shutdown, delayMs }
}

interface OpenListener extends DrainedListener {
  readonly port: number
}

async function openTraffic(
  traffic: ClientListener,
  { config }: Settings,
  { connections }: Parts,
): Promise<OpenListener> {
  const group = await openListener('listen', config.listen, () => traffic.open(config.listen))
  return { connections, port: group.port, close: () => group.close() }
}

async function openExternalAuth(
  { config: { externalAuth } }: Settings,
  parts: Parts,
): Promise<OpenListener | undefined> {
  if (externalAuth === undefined) return undefined
  const connections = new Connections()
  const listener = createExternalAuthListener(connections, externalAuth, parts)
  const group = await openListener('externalAuth', externalAuth, () =>
    listener.open(externalAuth, 1),
  )
  return { connections, port: group.port, close: () => group.close() }
}

/**
 * Applies the other settings that a reload can change. This cannot fail, because `next` was validated
 * completely.
 */
function adjust(
  next: Settings,
  traffic: ClientListener,
  gates: Parts['gates'],
  logger: Logger,
): void {
  logger.level = next.config.log.level
  gates.follow(next.policy.routes)
  if (next.listenerTls !== undefined) traffic.renewCertificate(next.listenerTls)
  warn(next, logger)
}

function warn(settings: Settings, logger: Logger): void {
  for (const { message, fields } of warningsOf(settings)) logger.warn(fields, message)
}
