/** The counts for each request. */
import type { Facts, ReportOnlyReason } from '../admit/facts.ts'
import type { Metrics } from './metrics.ts'
import type { RequestRecord } from './request-record.ts'
import type { CountSeries, HistogramSeries } from './series.ts'

const METHODS = new Set(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'DELETE'])

/** An introspection with an unknown signature has a reason of its own, because most of these are noise. */
const MISMATCHES = new Set<ReportOnlyReason | undefined>([
  'signature_mismatch',
  'introspection_mismatch',
])

/** The series that all equal requests count on. */
interface SeriesOfRequest {
  readonly requests: CountSeries
  readonly duration: HistogramSeries
  readonly upstreamDuration: HistogramSeries | undefined
  readonly claim: CountSeries | undefined
  readonly verification: CountSeries | undefined
  readonly app: CountSeries | undefined
  readonly encryption: CountSeries | undefined
  readonly resigned: CountSeries | undefined
}

export class RequestCounts {
  readonly #metrics: Metrics
  /** At most one for each combination of labels, whose values come from closed sets. */
  readonly #known = new Map<string, SeriesOfRequest>()
  #last: { readonly kind: RequestKind; readonly series: SeriesOfRequest } | undefined

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  count(entry: RequestRecord, decision: string, reason: string): void {
    const { facts, durationMs, upstreamDurationMs } = entry
    const { bodyBytes, signatureAge } = this.#metrics
    const series = this.#seriesOf(entry, decision, reason)
    series.requests.inc()
    series.duration.observe(durationMs / 1000)
    if (upstreamDurationMs !== undefined)
      series.upstreamDuration?.observe(upstreamDurationMs / 1000)
    if (facts.bodyBytes !== undefined) bodyBytes.observe(facts.bodyBytes)
    series.claim?.inc()
    series.verification?.inc()
    series.app?.inc()
    series.encryption?.inc()
    series.resigned?.inc()
    if (facts.signature !== undefined && facts.signatureAgeSeconds !== undefined) {
      signatureAge.observe(facts.signatureAgeSeconds)
    }
    this.#countRest(entry, decision)
  }

  /** Counts that only few requests have. */
  #countRest(entry: RequestRecord, decision: string): void {
    const { facts, diagnosis } = entry
    const { claims, verifications, limitWait, diagnoses, reportOnlyRefusals } = this.#metrics
    const route = nameOf(facts)
    const { durable: kind } = facts
    if (kind !== undefined) this.#metrics.durableRequests.inc({ route, kind, decision })
    if (facts.waitedMs !== undefined) {
      limitWait.series({ route, decision }).observe(facts.waitedMs / 1000)
    }
    if (facts.release === 'released') claims.inc({ result: facts.release })
    if (isMismatch(entry)) verifications.inc({ result: 'mismatch', key_slot: 'none' })
    if (facts.isUnsigned === true) verifications.inc({ result: 'none', key_slot: 'none' })
    if (diagnosis !== undefined) diagnoses.inc({ route, diagnosis: diagnosis.kind })
    for (const reason of facts.reportOnly ?? []) reportOnlyRefusals.inc({ route, reason })
  }

  #seriesOf(entry: RequestRecord, decision: string, reason: string): SeriesOfRequest {
    const kind = kindOf(entry, decision, reason)
    // Most requests are like the previous one, and then need no key text.
    if (this.#last !== undefined && isSameKind(kind, this.#last.kind)) return this.#last.series
    const key = Object.values(kind).map(String).join(' ')
    const series = this.#known.get(key) ?? this.#makeSeries(entry, decision, reason)
    this.#known.set(key, series)
    this.#last = { kind, series }
    return series
  }

  #makeSeries(entry: RequestRecord, decision: string, reason: string): SeriesOfRequest {
    const { requests, requestDuration, upstreamDuration, claims, verifications } = this.#metrics
    const { appRequests, resignedRequests } = this.#metrics
    const { facts, head, status, upstreamStatus, upstreamDurationMs } = entry
    const { app, claim, signature, encryption } = facts
    const route = nameOf(facts)
    const method = methodOf(head.method)
    const upstreamCode = String(upstreamStatus ?? 'none')
    return {
      requests: requests.series({
        route,
        method,
        decision,
        reason,
        code: String(status ?? 'none'),
      }),
      duration: requestDuration.series({ route, decision }),
      // A series is exported once it exists, so it is only made for requests that count on it.
      upstreamDuration:
        upstreamDurationMs === undefined
          ? undefined
          : upstreamDuration.series({ route, code: upstreamCode }),
      claim: claim && claims.series({ result: claim }),
      verification:
        signature &&
        verifications.series({ result: signature.form, key_slot: String(signature.keySlot) }),
      app:
        app === undefined ? undefined : appRequests.series({ route, app: app ?? 'none', decision }),
      encryption: encryption && this.#metrics.encryption.series({ route, result: encryption }),
      resigned: facts.resignedWith === undefined ? undefined : resignedRequests.series({ route }),
    }
  }
}

/**
 * Equal for requests that count on the same series. The route comes last, because its name may contain a space.
 */
interface RequestKind {
  readonly method: string
  readonly decision: string
  readonly reason: string
  readonly status: number | undefined
  readonly upstreamCode: number | string | undefined
  readonly claim: string | undefined
  readonly form: string | undefined
  readonly keySlot: number | undefined
  readonly app: string | null | undefined
  readonly encryption: string | undefined
  readonly isResigned: boolean
  readonly route: string
}

function kindOf(entry: RequestRecord, decision: string, reason: string): RequestKind {
  const { facts, head, status, upstreamStatus, upstreamDurationMs } = entry
  const { app, claim, signature, encryption } = facts
  return {
    method: methodOf(head.method),
    decision,
    reason,
    status,
    upstreamCode: upstreamDurationMs === undefined ? '-' : upstreamStatus,
    claim,
    form: signature?.form,
    keySlot: signature?.keySlot,
    app,
    encryption,
    isResigned: facts.resignedWith !== undefined,
    route: nameOf(facts),
  }
}

function isSameKind(one: RequestKind, other: RequestKind): boolean {
  return (
    one.method === other.method &&
    one.decision === other.decision &&
    one.reason === other.reason &&
    one.status === other.status &&
    one.upstreamCode === other.upstreamCode &&
    one.claim === other.claim &&
    one.form === other.form &&
    one.keySlot === other.keySlot &&
    one.app === other.app &&
    one.encryption === other.encryption &&
    one.isResigned === other.isResigned &&
    one.route === other.route
  )
}

function methodOf(method: string): string {
  return METHODS.has(method) ? method : 'other'
}

function nameOf({ route }: Facts): string {
  return route?.name ?? 'unmatched'
}

function isMismatch({ refusal, facts: { reportOnly } }: RequestRecord): boolean {
  return MISMATCHES.has(refusal) || reportOnly?.some((reason) => MISMATCHES.has(reason)) === true
}
