/**
 * Canonicalizes long bodies in worker threads. A client with an allowed address needs no key to make the
 * gateway canonicalize a body, and on the event loop that would stop all other requests. The bodies that
 * wait are bounded in number and bytes, and each job is bounded in time.
 */
import { availableParallelism } from 'node:os'

import { canonicalizeJson, maxInlineBytes } from '../inngest/jcs/canonical-json.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { CanonicalThread, type CanonicalJob, type ThreadOptions } from './canonical-thread.ts'

export interface PoolOptions extends ThreadOptions {
  readonly threads: number
  /** Most bodies that wait for a thread. */
  readonly maxWaiting: number
  /** Most bytes that these bodies have together. */
  readonly maxWaitingBytes: number
}

const defaults: PoolOptions = {
  // One core is left to the event loop.
  threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
  maxWaiting: 64,
  // Two to four seconds of work with the slowest bodies of ten megabytes.
  maxWaitingBytes: 33_554_432,
  jobTimeoutMs: 5000,
  idleMs: 10_000,
  program: new URL('canonical-worker.ts', import.meta.url),
}

export interface CanonicalRequest {
  /** See canonicalizeJson; true by default. */
  readonly mayRound?: boolean
  /**
   * The signature over the received bytes is valid, so this body waits in a queue apart from bodies that may
   * be forged. Every second job is from this queue, however long the other one is. Only
   * `limits.maxRequestsInFlight` bounds it: these requests hold their bytes in any case.
   */
  readonly isVerified?: boolean
}

interface Job extends CanonicalJob {
  readonly isVerified: boolean
  readonly resolve: (verdict: Verdict<Uint8Array | undefined>) => void
  readonly reject: (error: unknown) => void
}

export class CanonicalPool {
  readonly #options: PoolOptions
  readonly #threads: readonly CanonicalThread[]
  /** Threads without a job. */
  readonly #free: CanonicalThread[]
  /** In order of arrival: verified bodies, and all others. */
  readonly #verified = new Set<Job>()
  readonly #waiting = new Set<Job>()
  /** The bytes of the other bodies together. */
  #waitingBytes = 0
  #isVerifiedNext = true
  #isClosed = false

  constructor(options: Partial<PoolOptions> = {}) {
    this.#options = { ...defaults, ...options }
    const { threads } = this.#options
    this.#threads = Array.from({ length: threads }, () => new CanonicalThread(this.#options))
    this.#free = [...this.#threads]
  }

  /** How many bodies wait for a thread. */
  get waiting(): number {
    return this.#verified.size + this.#waiting.size
  }

  /**
   * @param signal removes the body from the queue, if it still waits.
   * @returns undefined if there is no canonical form. @throws if a thread fails or takes too long.
   */
  async canonicalize(
    body: Uint8Array,
    signal: AbortSignal,
    { mayRound = true, isVerified = false }: CanonicalRequest = {},
  ): Promise<Verdict<Uint8Array | undefined>> {
    if (body.byteLength <= maxInlineBytes) return pass(canonicalizeJson(body, mayRound))
    if (this.#isClosed) throw new Error('canonicalization pool closed')
    const { promise, resolve, reject } = Promise.withResolvers<Verdict<Uint8Array | undefined>>()
    const job = { body, mayRound, isVerified, resolve, reject }
    const thread = this.#free.pop()
    if (thread !== undefined) void this.#work(thread, job)
    else if (!this.#queue(job, signal)) return refuse('canonicalization_full')
    return promise
  }

  /** Ends the threads. Jobs that run or wait fail. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const job of [...this.#verified, ...this.#waiting]) {
      this.#drop(job, new Error('canonicalization pool closed'))
    }
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  /** @returns false if there is no room for it. */
  #queue(job: Job, signal: AbortSignal): boolean {
    if (!job.isVerified && !this.#hasRoom(job)) return false
    this.#queueOf(job).add(job)
    if (!job.isVerified) this.#waitingBytes += job.body.byteLength
    signal.addEventListener('abort', () => {
      this.#drop(job, signal.reason)
    })
    return true
  }

  #hasRoom({ body }: Job): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#options
    const bytes = this.#waitingBytes + body.byteLength
    return this.#waiting.size < maxWaiting && bytes <= maxWaitingBytes
  }

  #queueOf({ isVerified }: Job): Set<Job> {
    return isVerified ? this.#verified : this.#waiting
  }

  #drop(job: Job, error: unknown): void {
    if (this.#unqueue(job)) job.reject(error)
  }

  #unqueue(job: Job): boolean {
    const isWaiting = this.#queueOf(job).delete(job)
    if (isWaiting && !job.isVerified) this.#waitingBytes -= job.body.byteLength
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

  /** The two queues take turns, so that neither waits for all of the other. */
  #next(): Job | undefined {
    const [verified] = this.#verified
    const [other] = this.#waiting
    const job = this.#isVerifiedNext ? (verified ?? other) : (other ?? verified)
    if (job === undefined) return undefined
    this.#isVerifiedNext = !job.isVerified
    this.#unqueue(job)
    return job
  }
}
