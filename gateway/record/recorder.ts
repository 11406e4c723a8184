/**
 * Keeps records for a moment and writes them together. If each request comes on its own connection, the code
 * for one line and its metrics is cold each time, and takes three times as long as for many lines in a row.
 */
import { record, type RecordSinks } from './record.ts'
import type { RequestRecord } from './request-record.ts'

/** Too short to be noticed in logs and metrics. */
const MOST_MS = 20

/** Bounds the memory of waiting records: a head may have up to `limits.maxHeaderBytes`. */
const MOST_RECORDS = 64

export class Recorder {
  readonly #sinks: RecordSinks
  #waiting: RequestRecord[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #onExit = () => {
    this.flush()
  }

  constructor(sinks: RecordSinks) {
    this.#sinks = sinks
    process.on('exit', this.#onExit)
  }

  add(entry: RequestRecord): void {
    this.#waiting.push(entry)
    if (this.#waiting.length >= MOST_RECORDS) this.flush()
    else
      this.#timer ??= setTimeout(() => {
        this.flush()
      }, MOST_MS).unref()
  }

  /** To be called before anything is read that has to include these records. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const entry of waiting) record(entry, this.#sinks)
  }

  close(): void {
    this.flush()
    process.off('exit', this.#onExit)
  }
}
