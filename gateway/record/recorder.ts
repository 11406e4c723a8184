/**
 * Keeps what is to be recorded for a moment and records it together. Where each request comes on a
 * connection of its own, the code for one line and its metrics is cold each time and takes three
 * times as long as when it runs for many lines in a row.
 */
import { record, type RecordSinks } from './record.ts'
import type { RequestRecord } from './request-record.ts'

/** Nobody who reads a log or asks for metrics notices. */
const MOST_MS = 20

/** What waits is bounded: a head may be as long as `limits.maxHeaderBytes`. */
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

  /** To be called before anything is read that the records are to be seen in. */
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
