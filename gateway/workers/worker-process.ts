/** One worker as the primary sees it, from its start to its end. */
import cluster, { type Worker } from 'node:cluster'

import { answerAsks } from '../replay/ipc/server.ts'
import { answerPairAsk } from '../pairs/ipc-pairs.ts'
import type { UnlistedLedger } from '../record/unlisted-ranges.ts'
import type { Stores } from '../replay/store.ts'
import { StartFailure } from '../config/start-failure.ts'
import {
  WORKER_VARIABLE,
  type Assignment,
  type Order,
  type Questions,
  type Report,
} from './messages.ts'

/** The time for a reply. A worker that is busy for longer counts as stuck. */
export const ANSWER_WITHIN_MS = 2000

export interface Ending {
  readonly why: string
  readonly hasServed: boolean
  /** Whether it ended by order, with no work left. */
  readonly hasStopped: boolean
  /** The calls that it aborted when it stopped by order. */
  readonly requestsAborted: number
}

/** What the workers have in common. */
export interface SharedMemory {
  readonly stores: Stores
  readonly unlisted: UnlistedLedger
}

export class WorkerProcess {
  /** Monotonic milliseconds. */
  readonly startedAtMs = performance.now()
  readonly #worker: Worker
  readonly #assignment: Assignment
  readonly #memory: SharedMemory
  readonly #onLogLevel: (level: string) => void
  readonly #serving = Promise.withResolvers<undefined>()
  readonly #ended = Promise.withResolvers<Ending>()
  readonly #answers = new Map<number, (result: { answer: unknown } | undefined) => void>()
  #lastQuestion = 0
  #isServing = false
  #requestsAborted: number | undefined
  #whyFailed: string | undefined

  /** @param onLogLevel called with its log level, at its start and after each change. */
  constructor(assignment: Assignment, memory: SharedMemory, onLogLevel: (level: string) => void) {
    this.#assignment = assignment
    this.#memory = memory
    this.#onLogLevel = onLogLevel
    this.#worker = cluster.fork({ [WORKER_VARIABLE]: '1' })
    this.#worker.on('message', (report: Report) => {
      this.#hear(report)
    })
    this.#worker.on('exit', (code: number | null, signal: string | null) => {
      this.#end(signal === null ? `exit code ${String(code)}` : `signal ${signal}`)
    })
    this.#worker.on('error', (error) => {
      // A process that could not be started emits no `exit`.
      if (this.#worker.process.pid === undefined) this.#end(error.message)
    })
    this.#serving.promise.catch(() => undefined)
  }

  get id(): number {
    return this.#worker.id
  }

  get isServing(): boolean {
    return this.#isServing
  }

  /** Resolves when it serves. Rejects with the reason if it never will. */
  get serving(): Promise<undefined> {
    return this.#serving.promise
  }

  get ended(): Promise<Ending> {
    return this.#ended.promise
  }

  tell(order: Order): void {
    // If the message cannot be sent, the worker is ending.
    if (this.#worker.isConnected()) this.#worker.process.send(order, undefined, {}, () => undefined)
  }

  /** @returns undefined if it does not reply in time. */
  ask<What extends keyof Questions>(
    what: What,
  ): Promise<{ readonly answer: Questions[What] } | undefined> {
    if (!this.#isServing) return Promise.resolve(undefined)
    const id = (this.#lastQuestion += 1)
    const { promise, resolve } = Promise.withResolvers<{ answer: Questions[What] } | undefined>()
    const settle = (result: { answer: unknown } | undefined) => {
      clearTimeout(timer)
      this.#answers.delete(id)
      resolve(result as { answer: Questions[What] } | undefined)
    }
    const timer = setTimeout(settle, ANSWER_WITHIN_MS, undefined)
    this.#answers.set(id, settle)
    this.tell({ kind: 'ask', id, what })
    return promise
  }

  /** @param why the reason for the log. */
  kill(why?: string): void {
    this.#whyFailed ??= why
    this.#worker.process.kill('SIGKILL')
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case 'here':
        this.tell({ kind: 'start', assignment: this.#assignment })
        return
      case 'serving':
        this.#isServing = true
        this.#serving.resolve(undefined)
        return
      case 'log level':
        this.#onLogLevel(report.level)
        return
      case 'failed':
        this.#whyFailed = report.why
        return
      case 'answer':
        this.#answers.get(report.id)?.(report)
        return
      case 'stopped':
        this.#requestsAborted = report.requestsAborted
        return
      case 'asks':
        void answerAsks(report.asks, this.#memory.stores.replay).then((replies) => {
          this.tell({ kind: 'replies', replies })
        })
        return
      case 'pair ask':
        void answerPairAsk(report.ask, this.#memory.stores.pairs).then((reply) => {
          this.tell({ kind: 'pair reply', reply })
        })
        return
      case 'unlisted':
        this.#memory.unlisted.add(report.sighting)
    }
  }

  #end(how: string): void {
    const why = this.#whyFailed ?? how
    const hasServed = this.#isServing
    this.#isServing = false
    for (const settle of this.#answers.values()) settle(undefined)
    this.#serving.reject(new StartFailure(why))
    const hasStopped = this.#requestsAborted !== undefined
    this.#ended.resolve({ why, hasServed, hasStopped, requestsAborted: this.#requestsAborted ?? 0 })
  }
}
