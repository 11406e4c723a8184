/**
 * Canonicalises long bodies in threads beside the event loop. Whoever is let in by address can have
 * any body canonicalised without a key, and meanwhile nobody else would be served. What waits for a
 * thread is bounded in number and bytes, and each job in time.
 */
import { availableParallelism } from 'node:os'

import { canonicalizeJson, maxInlineBytes } from '../inngest/jcs/canonical-json.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { CanonicalThread, type CanonicalJob, type ThreadOptions } from './canonical-thread.ts'

export interface PoolOptions extends ThreadOptions {
  readonly threads: number
  /** Most bodies that wait for a thread. */
  readonly maxWaiting: number
  /** Most bytes that they have together. */
  readonly maxWaitingBytes: number
}

const defaults: PoolOptions = {
  // One core is the event loop's.
  threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
  maxWaiting: 64,
  // Two to four seconds of the worst that ten megabytes can be made of.
  maxWaitingBytes: 33_554_432,
  jobTimeoutMs: 5000,
  idleMs: 10_000,
  program: new URL('canonical-worker.ts', import.meta.url),
}

interface Job extends CanonicalJob {
  readonly resolve: (verdict: Verdict<Uint8Array | undefined>) => void
  readonly reject: (error: unknown) => void
}

export class CanonicalPool {
  readonly #options: PoolOptions
  readonly #threads: readonly CanonicalThread[]
  /** Threads without a job. */
  readonly #free: CanonicalThread[]
  /** In the order in which they came. */
  readonly #waiting = new Set<Job>()
  #waitingBytes = 0
  #isClosed = false

  constructor(options: Partial<PoolOptions> = {}) {
    this.#options = { ...defaults, ...options }
    const { threads } = this.#options
    this.#threads = Array.from({ length: threads }, () => new CanonicalThread(this.#options))
    this.#free = [...this.#threads]
  }

  /** How many bodies wait for a thread. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * @param signal takes the body out of the queue, if it is still there.
   * @param mayRound see canonicalizeJson.
   * @returns of undefined if there is no canonical form. @throws if a thread fails or takes too long.
   */
  async canonicalize(
    body: Uint8Array,
    signal: AbortSignal,
    mayRound = true,
  ): Promise<Verdict<Uint8Array | undefined>> {
    if (body.byteLength <= maxInlineBytes) return pass(canonicalizeJson(body, mayRound))
    if (this.#isClosed) throw new Error('the pool is closed')
    const { promise, resolve, reject } = Promise.withResolvers<Verdict<Uint8Array | undefined>>()
    const job = { body, mayRound, resolve, reject }
    const thread = this.#free.pop()
    if (thread !== undefined) void this.#work(thread, job)
    else if (!this.#queue(job, signal)) return refuse('canonical_full')
    return promise
  }

  /** Ends the threads; what is in them or waits for them fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const job of this.#waiting) this.#drop(job, new Error('the pool was closed'))
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  /** @returns false if there is no room for it. */
  #queue(job: Job, signal: AbortSignal): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#options
    const bytes = this.#waitingBytes + job.body.byteLength
    if (this.#waiting.size >= maxWaiting || bytes > maxWaitingBytes) return false
    this.#waiting.add(job)
    this.#waitingBytes = bytes
    signal.addEventListener('abort', () => {
      this.#drop(job, signal.reason)
    })
    return true
  }

  #drop(job: Job, error: unknown): void {
    if (this.#unqueue(job)) job.reject(error)
  }

  #unqueue(job: Job): boolean {
    const isWaiting = this.#waiting.delete(job)
    if (isWaiting) this.#waitingBytes -= job.body.byteLength
    return isWaiting
  }

  async #work(thread: CanonicalThread, first: Job): Promise<void> {
    for (let job: Job | undefined = first; job; job = this.#next()) {
      try {
        job.resolve(pass(await thread.run(job)))
      } catch (error) {
        job.reject(error)
      }
    }
    this.#free.push(thread)
  }

  #next(): Job | undefined {
    const [job] = this.#waiting
    if (job !== undefined) this.#unqueue(job)
    return job
  }
}
