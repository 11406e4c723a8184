/**
 * Keeps what the status page tells of requests: as much for a flood as for a single one. It is told
 * of each where it is recorded (observe/record.ts), so that no request waits for it.
 */
import type { LogFields } from '../observe/log-fields.ts'
import type { Decision, RequestRecord } from '../observe/record.ts'
import { Minutes } from './minutes.ts'
import { Ring } from './ring.ts'
import type { Minute, ReasonCount, RecentRequest, UpstreamSeen } from './status.ts'
import { Upstreams } from './upstreams.ts'

/**
 * Of each kind. What was sent without a valid signature has rings of its own: however many of those
 * come, the last signed ones stay in view. A kept field holds on to the head that it was cut from.
 */
export const KEPT_REQUESTS = 40

export class StatusCollector {
  /** Unix milliseconds. */
  readonly startedMs: number
  readonly #minutes = new Minutes()
  readonly #upstreams = new Upstreams()
  readonly #reasons = new Map<string, { count: number; lastMs: number }>()
  /** By kind, of which there are six. */
  readonly #rings = new Map<string, Ring<RecentRequest>>()
  #lastKey = 0

  constructor(startedMs: number) {
    this.startedMs = startedMs
  }

  add(entry: RequestRecord, decision: Decision, reason: string, fields: LogFields): void {
    const { findings, endedMs } = entry
    const isSigned = findings.signature !== undefined
    // Of a refused one not: whoever replays old captures would bend the picture.
    const age = decision === 'admitted' && isSigned ? findings.signatureAgeSeconds : undefined
    this.#minutes.add(endedMs, decision, reason, age)
    if (decision !== 'admitted') this.#countReason(reason, endedMs)
    this.#upstreams.add(entry)
    this.#lastKey += 1
    const key = `${String(process.pid)}-${String(this.#lastKey)}`
    this.#ringOf(decision, isSigned).add({ key, endedMs, fields })
  }

  minutes(nowMs: number): Minute[] {
    return this.#minutes.read(nowMs)
  }

  get reasons(): ReasonCount[] {
    return [...this.#reasons].map(([reason, counted]) => ({ reason, ...counted }))
  }

  get recent(): RecentRequest[] {
    return newestFirst([...this.#rings.values()].flatMap(({ items }) => items))
  }

  upstreamOf(route: string): UpstreamSeen {
    return this.#upstreams.of(route)
  }

  #countReason(reason: string, endedMs: number): void {
    const counted = this.#reasons.get(reason)
    if (counted === undefined) this.#reasons.set(reason, { count: 1, lastMs: endedMs })
    else {
      counted.count += 1
      counted.lastMs = endedMs
    }
  }

  #ringOf(decision: Decision, isSigned: boolean): Ring<RecentRequest> {
    const kind = isSigned ? `signed ${decision}` : decision
    const ring = this.#rings.get(kind) ?? new Ring<RecentRequest>(KEPT_REQUESTS)
    this.#rings.set(kind, ring)
    return ring
  }
}

/** Those that ended in the same millisecond the later one first, too. */
export function newestFirst(requests: readonly RecentRequest[]): RecentRequest[] {
  return requests.toSorted((a, b) => b.endedMs - a.endedMs || serialOf(b) - serialOf(a))
}

function serialOf({ key }: RecentRequest): number {
  return Number(key.split('-')[1])
}
