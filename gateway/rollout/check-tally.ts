/** Counts what a check in report mode would have admitted and refused. */
import type { ReportableCheck } from '../admit/route-checks.ts'
import { checkRows, type RequestKind } from './check-rows.ts'
import type { LoggedRequest } from './logged-request.ts'
import type { CheckSeen, Example, RefusalSeen } from './seen.ts'

/** More examples would not explain more. */
export const KEPT_EXAMPLES = 3

/** More reasons than any version has: a log may contain any text. */
const MOST_REASONS = 200

type Counted = { -readonly [Name in keyof RefusalSeen]: RefusalSeen[Name] }

/** A request in the form that all tallies of its route count. */
export interface Judged {
  readonly request: LoggedRequest
  readonly timeMs: number
  readonly kind: RequestKind | undefined
  /** `forwarded` to the app, or `refused` by an enforced check. */
  readonly outcome: 'forwarded' | 'refused' | 'failed'
  readonly isSigned: boolean
  readonly reasons: readonly string[]
}

export class CheckTally {
  readonly #check: ReportableCheck | 'other'
  readonly #kinds: readonly RequestKind[]
  readonly #isOfSigned: boolean
  readonly #passed: Partial<Record<RequestKind, number>> = {}
  readonly #refusals = new Map<string, Counted>()
  #requests = 0
  #firstMs = 0
  #lastMs = 0

  constructor(check: ReportableCheck | 'other', kinds: readonly RequestKind[]) {
    this.#check = check
    this.#kinds = kinds
    this.#isOfSigned = check !== 'other' && checkRows[check].isOfSigned
  }

  /** @param own the reasons that this check reports for the request. */
  add(judged: Judged, own: readonly string[]): void {
    const { timeMs, kind, outcome, isSigned } = judged
    // Lines of several processes may be in any order.
    if (this.#requests === 0 || timeMs < this.#firstMs) this.#firstMs = timeMs
    if (timeMs > this.#lastMs) this.#lastMs = timeMs
    this.#requests += 1
    for (const reason of own) this.#refuse(reason, judged)
    if (own.length > 0 || outcome !== 'forwarded' || kind === undefined) return
    if (!this.#kinds.includes(kind) || (this.#isOfSigned && !isSigned)) return
    this.#passed[kind] = (this.#passed[kind] ?? 0) + 1
  }

  read(): CheckSeen {
    return {
      check: this.#check,
      requests: this.#requests,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      passed: { ...this.#passed },
      refusals: [...this.#refusals.values()].map((counted) => ({ ...counted })),
    }
  }

  #refuse(reason: string, judged: Judged): void {
    const { timeMs, outcome, reasons } = judged
    if (outcome === 'failed') return
    const counted = this.#countedAs(reason, timeMs)
    if (counted === undefined) return
    counted.firstMs = Math.min(counted.firstMs, timeMs)
    counted.lastMs = Math.max(counted.lastMs, timeMs)
    if (outcome === 'refused') counted.refusedAnyway += 1
    else if (isStranger(reasons)) counted.strangers += 1
    else {
      counted.count += 1
      counted.examples = [...counted.examples.slice(1 - KEPT_EXAMPLES), exampleOf(judged)]
    }
  }

  #countedAs(reason: string, timeMs: number): Counted | undefined {
    const known = this.#refusals.get(reason)
    if (known !== undefined || this.#refusals.size >= MOST_REASONS) return known
    const fresh: Counted = {
      reason,
      count: 0,
      strangers: 0,
      refusedAnyway: 0,
      firstMs: timeMs,
      lastMs: timeMs,
      examples: [],
    }
    this.#refusals.set(reason, fresh)
    return fresh
  }
}

/**
 * The request has no signature, and its address is in no range: two checks agree that Inngest did not send it.
 * One alone can be wrong about Inngest's requests: a list without a range, or a proxy that removes the header.
 */
function isStranger(reasons: readonly string[]): boolean {
  return reasons.includes('client_not_allowed') && reasons.includes('signature_missing')
}

function exampleOf({ request, timeMs }: Judged): Example {
  return {
    timeMs,
    requestId: request.request_id,
    remoteAddress: request.remote_ip,
    clientAddress: request.client_ip,
    method: request.method,
    path: request.path,
    diagnosis: request.diagnosis,
  }
}
