/** Starts a recording in all processes of the gateway, collects the copies, and ends it. One at a time. */
import { randomBytes } from 'node:crypto'

import type { Logger } from 'pino'

import type { Clock } from '../../record/clock.ts'
import { recordingEpochSeconds, type RecordedRequest } from '../../recording/copy.ts'
import {
  leaseMs,
  type LeftOut,
  type RecordedBatch,
  type RecordingOrder,
  type Recordings,
} from '../../recording/recording.ts'

/** The processes that serve the traffic. */
export interface RecordingSource {
  renew(order: RecordingOrder): void
  take(): Promise<readonly RecordedBatch[]>
  stop(): void
}

export function ownRecordings(recordings: Recordings): RecordingSource {
  return {
    renew: (order) => {
      recordings.renew(order)
    },
    take: () => {
      const batch = recordings.take()
      return Promise.resolve(batch === undefined ? [] : [batch])
    },
    stop: () => {
      recordings.stop()
    },
  }
}

export interface RecordingProgress {
  /** Since the progress before. */
  readonly requests: readonly RecordedRequest[]
  readonly leftOut: LeftOut
  /** The recording has ended with this. */
  readonly ended: EndOfRecording | undefined
}

/**
 * `complete`: as many requests as wanted. `timeout`: fewer came in time. `full`: as much as may be kept.
 * `abandoned`: its client no longer fetched copies.
 */
export type EndOfRecording = 'complete' | 'timeout' | 'full' | 'abandoned'

export interface RecordingBounds {
  readonly requests: number
  readonly timeoutMs: number
}

interface Current {
  readonly order: RecordingOrder
  /** Monotonic milliseconds. */
  readonly endsAtMs: number
  readonly lease: NodeJS.Timeout
  readonly by: string
  requests: number
}

interface DeskParts {
  readonly source: RecordingSource
  readonly clock: Clock
  readonly logger: Logger
}

export class RecordingDesk {
  readonly #parts: DeskParts
  #current: Current | undefined

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  /** @param by the address of the client. @returns its id; undefined while there is another one. */
  start({ requests, timeoutMs }: RecordingBounds, by: string): string | undefined {
    if (this.#current !== undefined) return undefined
    const { source, clock, logger } = this.#parts
    const id = randomBytes(16).toString('hex')
    const shiftSeconds = recordingEpochSeconds - Math.floor(clock.nowMs() / 1000)
    const order = { id, requests, secret: randomBytes(32), shiftSeconds }
    const lease = setTimeout(() => {
      this.#end('abandoned')
    }, leaseMs).unref()
    const endsAtMs = clock.monotonicMs() + timeoutMs
    this.#current = { order, endsAtMs, lease, by, requests: 0 }
    source.renew(order)
    logger.warn({ by, requests, timeout_seconds: timeoutMs / 1000 }, 'recording started')
    return id
  }

  /** @returns undefined if there is no such recording. */
  async next(id: string): Promise<RecordingProgress | undefined> {
    const current = this.#current
    if (current?.order.id !== id) return undefined
    const { source } = this.#parts
    current.lease.refresh()
    source.renew(current.order)
    const batches = await source.take()
    if (this.#current !== current) return undefined
    const wanted = current.order.requests - current.requests
    const all = batches.flatMap(({ requests }) => requests)
    // Several processes together have recorded more than was wanted.
    const requests = all
      .sort((one, other) => one.receivedAtMs - other.receivedAtMs)
      .slice(0, wanted)
    current.requests += requests.length
    const leftOut = sumOf(batches.map((batch) => batch.leftOut))
    const ended = this.#endOf(current, batches)
    if (ended !== undefined) this.#end(ended)
    return { requests, leftOut, ended }
  }

  #endOf(current: Current, batches: readonly RecordedBatch[]): EndOfRecording | undefined {
    if (current.requests >= current.order.requests) return 'complete'
    if (batches.some(({ isFull }) => isFull)) return 'full'
    return this.#parts.clock.monotonicMs() >= current.endsAtMs ? 'timeout' : undefined
  }

  #end(why: EndOfRecording): void {
    const { source, logger } = this.#parts
    const { by, requests, lease } = this.#current ?? {}
    clearTimeout(lease)
    this.#current = undefined
    source.stop()
    logger.warn({ by, requests, why }, 'recording ended')
  }
}

function sumOf(all: readonly LeftOut[]): LeftOut {
  const sum = { bodyTooLarge: 0, notRedactable: 0 }
  for (const { bodyTooLarge, notRedactable } of all) {
    sum.bodyTooLarge += bodyTooLarge
    sum.notRedactable += notRedactable
  }
  return sum
}
