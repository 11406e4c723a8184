/** The workers of this machine. A worker that ends is replaced while the others continue to serve. */
import cluster from 'node:cluster'
import { setTimeout as delay } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { StopReport } from '../gateway.ts'
import type { Assignment, Order } from './messages.ts'
import { endWhenLate, endWhenStuck } from './stuck-watch.ts'
import { WorkerProcess, type Ending, type SharedMemory } from './worker-process.ts'

export interface PoolOptions {
  readonly assignment: Assignment
  readonly memory: SharedMemory
  readonly logger: Logger
  /** Called for each worker that ended without an order to stop. */
  readonly onLost: (worker: number) => void
  /** The time from a worker's start until it serves. A worker that takes longer is ended. By default a minute. */
  readonly startWithinMs?: number
}

export interface PoolStopReport extends StopReport {
  /** Workers that ended before they had finished. The number of calls that they had is unknown. */
  readonly workersLost: number
}

/** Much more than a start takes on a busy machine. */
const START_WITHIN_MS = 60_000

/** If a worker has run for this long, its end does not count as a failed start. */
const SETTLED_MS = 10_000
const LONGEST_DELAY_MS = 10_000

export class WorkerPool {
  readonly #options: PoolOptions
  readonly #workers = new Set<WorkerProcess>()
  readonly #failure = Promise.withResolvers<never>()
  /** The places whose worker could not start and where none has served since, each by its first worker. */
  readonly #failing = new Set<WorkerProcess>()
  #isStopping = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#failure.promise.catch(() => undefined)
    // The primary accepts no connections to pass on (docs/decisions/0008-workers.md).
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    // Whatever ends this process: a stuck worker would not notice it.
    process.on('exit', () => {
      for (const worker of this.#workers) worker.kill()
    })
  }

  isStopping(): boolean {
    return this.#isStopping
  }

  /** Rejects when no worker serves and none could be started. */
  get failure(): Promise<never> {
    return this.#failure.promise
  }

  get serving(): readonly WorkerProcess[] {
    return [...this.#workers].filter(({ isServing }) => isServing)
  }

  /** @throws if one of the workers cannot serve. */
  async start(): Promise<void> {
    const first = Array.from({ length: this.#options.assignment.workers }, () => this.#launch())
    await Promise.all(first.map(({ serving }) => serving))
    for (const worker of first) void this.#keep(worker)
  }

  tell(order: Order): void {
    for (const worker of this.#workers) worker.tell(order)
  }

  /** @param delayMs how long the workers still serve; by default `shutdown.delay`. */
  async stop(delayMs: number | undefined): Promise<PoolStopReport> {
    this.#isStopping = true
    const ending = [...this.#workers].map((worker) => {
      if (worker.isServing) worker.tell({ kind: 'stop', delayMs })
      else worker.kill()
      return worker.ended
    })
    const endings = await Promise.all(ending)
    return {
      requestsAborted: endings.reduce((sum, { requestsAborted }) => sum + requestsAborted, 0),
      workersLost: endings.filter(isLostInStop).length,
    }
  }

  #launch(): WorkerProcess {
    const { assignment, memory, logger, startWithinMs } = this.#options
    const worker = new WorkerProcess(assignment, memory, (level) => {
      logger.level = level
    })
    this.#workers.add(worker)
    void endWhenLate(worker, startWithinMs ?? START_WITHIN_MS)
    return worker
  }

  /** Keeps one place filled while the gateway runs. */
  async #keep(first: WorkerProcess): Promise<void> {
    const { assignment, logger, onLost } = this.#options
    let quickEnds = 0
    for (let worker = first; ; worker = this.#launch()) {
      void worker.serving.then(
        () => {
          this.#failing.delete(first)
          if (worker !== first) logger.info({ worker: worker.id }, 'worker replaced')
          void endWhenStuck(worker)
        },
        () => undefined,
      )
      const ending = await worker.ended
      const { why, hasServed } = ending
      this.#workers.delete(worker)
      onLost(worker.id)
      if (this.isStopping()) {
        if (isLostInStop(ending)) logger.error({ worker: worker.id, why }, 'worker ended')
        return
      }
      if (!hasServed) this.#failing.add(first)
      if (this.serving.length === 0 && this.#failing.size === assignment.workers) {
        this.#failure.reject(new Error(`no worker is running, and none could be started: ${why}`))
        return
      }
      quickEnds = performance.now() - worker.startedAtMs < SETTLED_MS ? quickEnds + 1 : 1
      const delayMs = restartDelayMs(quickEnds)
      logger.error({ worker: worker.id, why, replaced_in_ms: delayMs }, 'worker ended')
      await delay(delayMs)
      if (this.isStopping()) return
    }
  }
}

/** A worker that does not serve yet is killed without an order to stop. */
function isLostInStop({ hasServed, hasStopped }: Ending): boolean {
  return hasServed && !hasStopped
}

/** @param quickEnds how many workers in a row have ended soon after their start. */
export function restartDelayMs(quickEnds: number): number {
  return quickEnds <= 1 ? 0 : Math.min(100 * 2 ** (quickEnds - 1), LONGEST_DELAY_MS)
}
