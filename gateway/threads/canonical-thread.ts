/** One place in the pool: a thread that is started for its first job, and anew after it has failed. */
import { Worker } from 'node:worker_threads'

export interface ThreadOptions {
  /** What the thread runs: canonical-worker.ts. */
  readonly program: URL
  /** Longest time for one job, that of starting included; a long body gets more. */
  readonly jobTimeoutMs: number
  /** Time without a job after which the thread ends, and what it holds of memory with it. */
  readonly idleMs: number
}

/** What a thread is sent. */
export interface CanonicalJob {
  readonly body: Uint8Array
  /** See canonicalizeJson. */
  readonly mayRound: boolean
}

/** A job slower than this is taken for stuck: a quarter of the speed of the worst input on a busy machine. */
const SLOWEST_BYTES_PER_MS = 4096

export class CanonicalThread {
  readonly #options: ThreadOptions
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /**
   * One job at a time. @returns undefined if there is no canonical form. @throws if the thread fails
   * or takes too long; it is given up then, and the next job gets another.
   */
  async run(job: CanonicalJob): Promise<Uint8Array | undefined> {
    clearTimeout(this.#idle)
    const worker = (this.#worker ??= this.#start())
    try {
      return await this.#ask(worker, job)
    } catch (error) {
      await this.close()
      throw error
    } finally {
      this.#idle = setTimeout(() => void this.close(), this.#options.idleMs).unref()
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  async #ask(worker: Worker, { body, mayRound }: CanonicalJob): Promise<Uint8Array | undefined> {
    const timeoutMs = this.#options.jobTimeoutMs + body.byteLength / SLOWEST_BYTES_PER_MS
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
    const onExit = (code: number) => {
      reject(new Error(`canonicalization thread exited with code ${String(code)} during a job`))
    }
    const timer = setTimeout(() => {
      reject(new Error('canonicalization thread timed out'))
    }, timeoutMs)
    worker.on('message', resolve).on('error', reject).on('exit', onExit)
    // The body itself stays here: its raw bytes may be needed yet.
    const copy = new Uint8Array(body)
    const job: CanonicalJob = { body: copy, mayRound }
    worker.postMessage(job, [copy.buffer])
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      worker.off('message', resolve).off('error', reject).off('exit', onExit)
    }
  }

  #start(): Worker {
    // Nothing of the process's own: of its environment, which holds signing keys, or its arguments.
    const options = { env: {}, execArgv: [], name: 'canonical' }
    const worker = new Worker(this.#options.program, options)
    worker.unref()
    // One that ends without a job has nobody to tell.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    return worker
  }
}
