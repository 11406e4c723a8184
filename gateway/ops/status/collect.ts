/**
 * Collects the data of requests for the status page, with the same bounded memory for any number of requests.
 * It is called when a request is recorded (record/record.ts), so no request waits for it.
 */
import type { LogFields } from '../../record/log-fields.ts'
import type { Decision, RequestRecord } from '../../record/request-record.ts'
import type { RoutePolicy } from '../../admit/policy.ts'
import type { CheckSeen } from '../../rollout/seen.ts'
import { Minutes } from './minutes.ts'
import { ReportModes } from './report-modes.ts'
import type { Minute, ReasonCount, RecentRequest, UpstreamSeen } from './status.ts'
import { Upstreams } from './upstreams.ts'

/**
 * Of each kind. Requests without a valid signature have rings of their own, so that they cannot displace signed
 * ones. A kept field keeps the whole head in memory.
 */
export const KEPT_REQUESTS = 40

interface KeptRequest extends Omit<RecentRequest, 'key'> {
  readonly serial: number
}

export class StatusCollector {
  /** Unix milliseconds. */
  readonly startedMs: number
  readonly #minutes = new Minutes()
  readonly #upstreams = new Upstreams()
  readonly #reportModes = new ReportModes()
  readonly #reasons = new Map<string, { count: number; lastMs: number }>()
  readonly #signed = ringsByDecision()
  readonly #unsigned = ringsByDecision()
  #lastSerial = 0

  constructor(startedMs: number) {
    this.startedMs = startedMs
  }

  add(entry: RequestRecord, decision: Decision, reason: string, fields: LogFields): void {
    const { facts, endedMs } = entry
    const isSigned = facts.signature !== undefined
    // Not for a refused request: replayed old captures would distort the ages.
    const age = decision === 'admitted' && isSigned ? facts.signatureAgeSeconds : undefined
    this.#minutes.add(endedMs, decision, reason, age)
    if (decision !== 'admitted') this.#countReason(reason, endedMs)
    this.#upstreams.add(entry)
    if (facts.route !== undefined) this.#reportModes.add(facts.route, fields, endedMs)
    const rings = isSigned ? this.#signed : this.#unsigned
    rings[decision].add({ serial: (this.#lastSerial += 1), endedMs, fields })
  }

  minutes(nowMs: number): Minute[] {
    return this.#minutes.read(nowMs)
  }

  get reasons(): ReasonCount[] {
    return [...this.#reasons].map(([reason, counted]) => ({ reason, ...counted }))
  }

  get recent(): RecentRequest[] {
    const rings = [this.#signed, this.#unsigned].flatMap((byDecision) => Object.values(byDecision))
    const kept = rings.flatMap(({ items }) => items)
    return newestFirst(
      kept.map(({ serial, ...request }) => ({
        key: `${String(process.pid)}-${String(serial)}`,
        ...request,
      })),
    )
  }

  upstreamOf(route: string): UpstreamSeen {
    return this.#upstreams.of(route)
  }

  reportModeOf(route: RoutePolicy): readonly CheckSeen[] {
    return this.#reportModes.read(route)
  }

  #countReason(reason: string, endedMs: number): void {
    const counted = this.#reasons.get(reason)
    if (counted === undefined) this.#reasons.set(reason, { count: 1, lastMs: endedMs })
    else {
      counted.count += 1
      counted.lastMs = endedMs
    }
  }
}

function ringsByDecision(): Record<Decision, Ring<KeptRequest>> {
  const ring = () => new Ring<KeptRequest>(KEPT_REQUESTS)
  return { admitted: ring(), refused: ring(), failed: ring() }
}

/** If requests ended in the same millisecond, the later one also comes first. */
export function newestFirst(requests: readonly RecentRequest[]): RecentRequest[] {
  return requests.toSorted((a, b) => b.endedMs - a.endedMs || serialOf(b) - serialOf(a))
}

function serialOf({ key }: RecentRequest): number {
  return Number(key.split('-')[1])
}

/** The last few elements of a sequence, oldest first. */
export class Ring<T> {
  readonly #size: number
  readonly #items: T[] = []
  /** The index of the next element, once the ring is full. */
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  add(item: T): void {
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#size
  }

  get items(): T[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)]
  }
}
