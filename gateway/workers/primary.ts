/**
 * The primary process of several workers. It serves no traffic. It keeps the replay cache that they share,
 * serves the ops listener for all of them, and replaces workers that end.
 */
import type { Server } from 'node:http'

import type { Logger } from 'pino'
import { collectDefaultMetrics, Counter, Registry } from 'prom-client'

import type { Settings } from '../config/compile.ts'
import { recordingOf, startMemory } from '../gateway.ts'
import { listen, portOf } from '../accept/listen.ts'
import { findFreePort } from '../accept/listener-group.ts'
import { openListener } from '../accept/open-listener.ts'
import { createOpsServer, type Health } from '../ops/server.ts'
import type { Clock } from '../record/clock.ts'
import { MachineMetrics } from '../record/machine-metrics.ts'
import { describeMemory, describeUnlisted, gauge } from '../record/state-metrics.ts'
import type { UnlistedLedger } from '../record/unlisted-ranges.ts'
import { ReadinessLog } from '../ops/readiness-log.ts'
import type { ReplayStore } from '../replay/store.ts'
import { singleFlight } from '../ops/single-flight.ts'
import { mergeStatuses } from '../ops/status/merge.ts'
import { StatusPage } from '../ops/status/serve.ts'
import type { Status } from '../ops/status/status.ts'
import type { RecordingSource } from '../ops/recording/desk.ts'
import { WorkerPool, type PoolStopReport } from './worker-pool.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface Primary {
  readonly trafficPort: number
  readonly opsPort: number
  /** Rejects when no worker serves and none could be started. */
  readonly failure: Promise<never>
  requestsInFlight(): Promise<number>
  /** As in a gateway with a single process. */
  reload(): void
  stop(delayMs?: number): Promise<PoolStopReport>
}

/** @param workers the number of workers; each gets its share of `limits`. */
export async function startPrimary(
  settings: Settings,
  workers: number,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Primary> {
  const { config } = settings
  const memory = startMemory(settings, { clock, logger })
  const port = await openListener('listen', config.listen, () => findFreePort(config.listen))
  const pool = new WorkerPool({
    assignment: { config, workers, port, sinceSeconds: memory.sinceSeconds },
    memory,
    logger,
    onLost: (worker) => {
      metrics.departed(worker)
      if (!pool.isStopping()) own.workersLost.inc()
    },
  })
  const remembers = config.replay.store === 'memory' || config.replay.whenUnavailable === 'memory'
  const own = createPrimaryMetrics(
    remembers ? memory.stores.replay : undefined,
    memory.unlisted,
    () => pool.serving.length,
  )
  const metrics: MachineMetrics = new MachineMetrics(own.registry, () =>
    askForMetrics(pool, metrics),
  )
  const health = healthOf(pool, workers)
  const read = () =>
    askForStatus(pool, memory.unlisted, remembers ? memory.stores.replay : undefined)
  const page = config.ops.statusPage.enabled
    ? new StatusPage({ token: settings.statusToken, read, health, logger })
    : undefined
  const recording = recordingOf(settings, recordingsOf(pool), { clock, logger })
  const { hosts } = config.ops
  const opsParts = { registry: metrics, health, page, recording, hosts }
  const ops = createOpsServer(opsParts, config.limits)
  await openListener('ops', config.ops, () => listen(ops, config.ops))
  const readinessLog = new ReadinessLog(health, logger, clock)
  pool.failure.catch(() => {
    readinessLog.stop()
  })
  await startOrClose(pool, ops)
  return {
    trafficPort: port,
    opsPort: portOf(ops),
    failure: pool.failure,
    requestsInFlight: () => countCalls(pool),
    reload: () => {
      pool.tell({ kind: 'reload' })
    },
    stop: async (delayMs) => {
      const report = await pool.stop(delayMs)
      readinessLog.stop()
      ops.close()
      ops.closeAllConnections()
      return report
    },
  }
}

export interface PrimaryMetrics {
  readonly registry: Registry
  readonly workersLost: Counter
}

/** @param replay undefined if this machine keeps no claims. */
export function createPrimaryMetrics(
  replay: Pick<ReplayStore, 'entries' | 'capacity'> | undefined,
  unlisted: Pick<UnlistedLedger, 'reported'>,
  serving: () => number,
): PrimaryMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  if (replay !== undefined) describeMemory(registry, replay)
  describeUnlisted(registry, unlisted)
  gauge(
    registry,
    'workers',
    'Workers in service; reported if `workers` is more than 1.',
    'sum',
    serving,
  )
  const workersLost = new Counter({
    name: 'inngest_gateway_workers_lost_total',
    help: 'Workers that ended without being stopped.',
    registers: [registry],
  })
  return { registry, workersLost }
}

async function startOrClose(pool: WorkerPool, ops: Server): Promise<void> {
  try {
    await pool.start()
  } catch (error) {
    ops.close()
    ops.closeAllConnections()
    throw error
  }
}

async function askForMetrics(pool: WorkerPool, metrics: MachineMetrics): Promise<void> {
  const asked = pool.serving.map(async (worker) => {
    const told = await worker.ask('metrics')
    // If a worker has ended meanwhile, its last reported counts are already included.
    if (told !== undefined && worker.isServing) metrics.told(worker.id, told.answer)
  })
  await Promise.all(asked)
}

/**
 * @param unlisted the sightings that the workers have reported.
 * @param replay the store of the claims, if this machine keeps them.
 */
async function askForStatus(
  pool: WorkerPool,
  unlisted: Pick<UnlistedLedger, 'reported'>,
  replay: Pick<ReplayStore, 'entries' | 'capacity'> | undefined,
): Promise<Status | undefined> {
  const asked = pool.serving.map((worker) => worker.ask('status'))
  const told = (await Promise.all(asked)).map((each) => each?.answer)
  const merged = mergeStatuses(told.filter((each) => each !== undefined))
  const status = merged && { ...merged, unlisted: unlisted.reported ?? [] }
  if (status === undefined || replay === undefined) return status
  const { entries, capacity } = replay
  return { ...status, replay: { ...status.replay, entries, capacity } }
}

/** A worker that is started during a recording joins it when the order comes again. */
function recordingsOf(pool: WorkerPool): RecordingSource {
  return {
    renew: (order) => {
      pool.tell({ kind: 'record', order })
    },
    take: async () => {
      const asked = pool.serving.map((worker) => worker.ask('recording'))
      const told = (await Promise.all(asked)).map((each) => each?.answer)
      return told.filter((each) => each !== undefined)
    },
    stop: () => {
      pool.tell({ kind: 'record', order: undefined })
    },
  }
}

/** The loss of a worker does not make the gateway unready. Only the start waits for all workers. */
function healthOf(pool: WorkerPool, workers: number): Health {
  let haveAllServed = false
  const askAll = singleFlight(() => Promise.all(pool.serving.map(whyNotReady)), 0)
  return {
    notReadyBecause: async () => {
      if (pool.isStopping()) return 'draining'
      const { serving } = pool
      haveAllServed ||= serving.length === workers
      if (!haveAllServed) return 'starting'
      if (serving.length === 0) return 'no worker'
      const reasons = await askAll()
      return pool.isStopping() ? 'draining' : reasons.find((why) => why !== undefined)
    },
  }
}

async function whyNotReady(worker: WorkerProcess): Promise<string | undefined> {
  const told = await worker.ask('readiness')
  if (!worker.isServing) return undefined
  return told === undefined ? 'worker not responding' : told.answer
}

async function countCalls(pool: WorkerPool): Promise<number> {
  const asked = pool.serving.map((worker) => worker.ask('requestsInFlight'))
  return (await Promise.all(asked)).reduce((sum, told) => sum + (told?.answer ?? 0), 0)
}
