/** The workers of this machine. One that ends is replaced, while the others go on serving. */
import cluster from 'node:cluster'
import { setTimeout as delay } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { StopReport } from '../gateway.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { Assignment, Order } from './messages.ts'
import { endWhenStuck } from './stuck-watch.ts'
import { WorkerProcess } from './worker-process.ts'

export interface PoolOptions {
  readonly assignment: Assignment
  readonly replay: ReplayStore
  readonly logger: Logger
  /** Told of each that ended without having been told to. */
  readonly onLost: (worker: number) => void
}

/** One that has run for this long did not end of what it began with. */
const SETTLED_MS = 10_000
const LONGEST_DELAY_MS = 10_000

export class WorkerPool {
  readonly #options: PoolOptions
  readonly #workers = new Set<WorkerProcess>()
  readonly #failure = Promise.withResolvers<never>()
  #isStopping = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#failure.promise.catch(() => undefined)
    // Nothing is accepted here and handed over (docs/decisions/0008-workers.md).
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    // However this process ends: one that is stuck would not notice.
    process.on('exit', () => {
      for (const worker of this.#workers) worker.kill()
    })
  }

  isStopping(): boolean {
    return this.#isStopping
  }

  /** Rejects when none serves, and another cannot be started. */
  get failure(): Promise<never> {
    return this.#failure.promise
  }

  get serving(): readonly WorkerProcess[] {
    return [...this.#workers].filter(({ isServing }) => isServing)
  }

  /** @throws if one of them cannot serve. */
  async start(): Promise<void> {
    const first = Array.from({ length: this.#options.assignment.workers }, () => this.#launch())
    await Promise.all(first.map(({ serving }) => serving))
    for (const worker of first) void this.#keep(worker)
  }

  tell(order: Order): void {
    for (const worker of this.#workers) worker.tell(order)
  }

  /** @param delayMs how long they still serve; by default what each is configured to. */
  async stop(delayMs: number | undefined): Promise<StopReport> {
    this.#isStopping = true
    const ending = [...this.#workers].map(async (worker) => {
      if (worker.isServing) worker.tell({ kind: 'stop', delayMs })
      else worker.kill()
      return (await worker.ended).callsCut
    })
    const callsCut = (await Promise.all(ending)).reduce((sum, calls) => sum + calls, 0)
    return { callsCut }
  }

  #launch(): WorkerProcess {
    const { assignment, replay, logger } = this.#options
    const worker = new WorkerProcess(assignment, replay, (level) => {
      logger.level = level
    })
    this.#workers.add(worker)
    return worker
  }

  /** Keeps one place filled, for as long as the gateway runs. */
  async #keep(first: WorkerProcess): Promise<void> {
    const { logger, onLost } = this.#options
    let quickEnds = 0
    for (let worker = first; ; worker = this.#launch()) {
      void worker.serving.then(
        () => {
          if (worker !== first) logger.info({ worker: worker.id }, 'worker replaced')
          void endWhenStuck(worker)
        },
        () => undefined,
      )
      const { why, hasServed } = await worker.ended
      this.#workers.delete(worker)
      onLost(worker.id)
      if (this.isStopping()) return
      if (!hasServed && this.serving.length === 0) {
        this.#failure.reject(new Error(why))
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

/** @param quickEnds how often in a row one has ended soon after its start. */
export function restartDelayMs(quickEnds: number): number {
  return quickEnds <= 1 ? 0 : Math.min(100 * 2 ** (quickEnds - 1), LONGEST_DELAY_MS)
}
