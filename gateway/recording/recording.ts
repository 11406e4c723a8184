/**
 * Redacted copies of the verified requests of this process, while an operator records them. What is kept is
 * redacted already. Off unless a client of the ops listener starts a recording, which ends when that client does not renew it.
 */
import type { AdmittedRequest } from '../admit/admit.ts'
import type { Facts } from '../admit/facts.ts'
import { copyRequest, type RecordedRequest } from './copy.ts'
import { Placeholders } from './placeholders.ts'

/** The same for all processes of a gateway. */
export interface RecordingOrder {
  /** Which recording it is. */
  readonly id: string
  readonly requests: number
  /** What placeholders are derived from. Random, of this recording only. */
  readonly secret: Uint8Array
  /** From the clock of the gateway to that of the recording. */
  readonly shiftSeconds: number
}

/** What became of a verified request during a recording. */
export const copyResults = ['copied', 'body_too_large', 'not_redactable'] as const

export type CopyResult = (typeof copyResults)[number]

/** Verified requests of which there is no copy, by why. */
export interface LeftOut {
  /** The body is longer than `mostBodyBytes`. */
  readonly bodyTooLarge: number
  /** The copy could not have hidden the values and kept the form. */
  readonly notRedactable: number
}

/** What was recorded since it was last taken. */
export interface RecordedBatch {
  readonly requests: readonly RecordedRequest[]
  readonly leftOut: LeftOut
  /** No more is recorded: as much as may be kept. */
  readonly isFull: boolean
}

/** A copy is made between two requests: of a longer body it would hold up the others. */
const mostBodyBytes = 262_144

/** Of the copies of one recording in one process. */
const MOST_BYTES = 16 * 1024 * 1024

/** A recording that is not renewed for so long ends: its command has ended. */
export const leaseMs = 10_000

interface Current {
  readonly order: RecordingOrder
  readonly placeholders: Placeholders
  readonly timer: NodeJS.Timeout
}

export class Recordings {
  /** Looked at for every request. */
  isActive = false
  #current: Current | undefined
  #requests: RecordedRequest[] = []
  #count = 0
  #bytes = 0
  #leftOut = { bodyTooLarge: 0, notRedactable: 0 }
  readonly #onResult: (result: CopyResult) => void

  constructor(onResult: (result: CopyResult) => void) {
    this.#onResult = onResult
  }

  /** Also when as much was recorded as may be kept. */
  get isInProgress(): boolean {
    return this.#current !== undefined
  }

  /** Starts a recording, or has the one with this id go on. */
  renew(order: RecordingOrder): void {
    if (this.#current?.order.id === order.id) {
      this.#current.timer.refresh()
      return
    }
    this.stop()
    const timer = setTimeout(() => {
      this.stop()
    }, leaseMs).unref()
    this.#current = { order, placeholders: new Placeholders(order.secret), timer }
    this.isActive = true
  }

  /** Drops what was not taken. */
  stop(): void {
    clearTimeout(this.#current?.timer)
    this.#current = undefined
    this.isActive = false
    this.#requests = []
    this.#count = 0
    this.#bytes = 0
    this.#leftOut = { bodyTooLarge: 0, notRedactable: 0 }
  }

  /** To be called before its body is forwarded. */
  add(accepted: AdmittedRequest, facts: Facts, receivedAtMs: number): void {
    if (this.#current === undefined || facts.signature === undefined) return
    if ((facts.bodyBytes ?? 0) > mostBodyBytes) {
      this.#leftOut.bodyTooLarge += 1
      this.#onResult('body_too_large')
      return
    }
    const { placeholders, order } = this.#current
    const { shiftSeconds } = order
    try {
      const copy = copyRequest({ accepted, facts, receivedAtMs, shiftSeconds, placeholders })
      if (copy !== undefined) this.#keep(copy, order)
    } catch {
      // Whatever it is: the request goes on, and nothing of it is kept.
      this.#leftOut.notRedactable += 1
      this.#onResult('not_redactable')
    }
  }

  /** @returns undefined if nothing is recorded. */
  take(): RecordedBatch | undefined {
    if (this.#current === undefined) return undefined
    const batch = { requests: this.#requests, leftOut: this.#leftOut, isFull: !this.isActive }
    this.#requests = []
    this.#leftOut = { bodyTooLarge: 0, notRedactable: 0 }
    return batch
  }

  #keep(copy: RecordedRequest, { requests }: RecordingOrder): void {
    this.#onResult('copied')
    this.#requests.push(copy)
    this.#count += 1
    this.#bytes += copy.body.length + copy.headers.join('').length
    this.isActive = this.#count < requests && this.#bytes < MOST_BYTES
  }
}
