/** One place in the pool. Its thread is started for the first job, and again after a failure. */
import { Worker } from 'node:worker_threads'

export interface ThreadOptions {
  /** The program of the thread: canonical-worker.ts. */
  readonly program: URL
  /** The longest time for one job, including the start of the thread. A long body gets more. */
  readonly jobTimeoutMs: number
  /** Time without a job after which the thread ends and frees its memory. */
  readonly idleMs: number
}

/** The message to a thread. */
export interface CanonicalJob {
  readonly body: Uint8Array
  /** See canonicalizeJson. */
  readonly mayRound: boolean
}

/** A slower job counts as stuck. This is a quarter of the speed of the slowest input on a busy machine. */
const SLOWEST_BYTES_PER_MS = 4096

export class CanonicalThread {
  readonly #options: ThreadOptions
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /**
   * One job at a time. @returns undefined if there is no canonical form. @throws if the thread fails or
   * takes too long; the thread is ended then, and the next job starts another.
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
    // A copy is sent, because the raw bytes may still be needed here.
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
    // The thread gets neither the environment of the process, which holds signing keys, nor its arguments.
    const options = { env: {}, execArgv: [], name: 'canonical' }
    const worker = new Worker(this.#options.program, options)
    worker.unref()
    // Without a job, no caller waits for this error.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    return worker
  }
}
