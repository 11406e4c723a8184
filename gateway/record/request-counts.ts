/** What is counted of each request. */
import type { Facts, ReportOnlyReason } from '../admit/facts.ts'
import type { Metrics } from './metrics.ts'
import type { RequestRecord } from './request-record.ts'
import type { CountSeries, HistogramSeries } from './series.ts'

const METHODS = new Set(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'DELETE'])

/** An introspection that no key signed has a reason of its own, since it is mostly noise. */
const MISMATCHES = new Set<ReportOnlyReason | undefined>([
  'signature_mismatch',
  'introspection_mismatch',
])

/** What all requests that are alike count on. */
interface SeriesOfRequest {
  readonly requests: CountSeries
  readonly duration: HistogramSeries
  readonly upstreamDuration: HistogramSeries | undefined
  readonly claim: CountSeries | undefined
  readonly verification: CountSeries | undefined
}

export class RequestCounts {
  readonly #metrics: Metrics
  /** As many as there are combinations of labels, whose values come from closed sets. */
  readonly #known = new Map<string, SeriesOfRequest>()

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
    if (facts.signature !== undefined && facts.signatureAgeSeconds !== undefined) {
      signatureAge.observe(facts.signatureAgeSeconds)
    }
    this.#countRest(entry)
  }

  /** What few requests have. */
  #countRest(entry: RequestRecord): void {
    const { facts, diagnosis } = entry
    const { claims, verifications, diagnoses, reportOnlyRefusals } = this.#metrics
    const route = nameOf(facts)
    if (facts.release === 'released') claims.inc({ result: facts.release })
    if (isMismatch(entry)) verifications.inc({ result: 'mismatch', key_slot: 'none' })
    if (facts.isUnsigned === true) verifications.inc({ result: 'none', key_slot: 'none' })
    if (diagnosis !== undefined) diagnoses.inc({ route, diagnosis: diagnosis.kind })
    for (const reason of facts.reportOnly ?? []) reportOnlyRefusals.inc({ route, reason })
  }

  #seriesOf(entry: RequestRecord, decision: string, reason: string): SeriesOfRequest {
    const key = kindOf(entry, decision, reason)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const series = this.#makeSeries(entry, decision, reason)
    this.#known.set(key, series)
    return series
  }

  #makeSeries(entry: RequestRecord, decision: string, reason: string): SeriesOfRequest {
    const { requests, requestDuration, upstreamDuration, claims, verifications } = this.#metrics
    const { facts, head, status, upstreamStatus, upstreamDurationMs } = entry
    const { claim, signature } = facts
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
      // A series is shown once it is made, so those that do not count are not.
      upstreamDuration:
        upstreamDurationMs === undefined
          ? undefined
          : upstreamDuration.series({ route, code: upstreamCode }),
      claim: claim && claims.series({ result: claim }),
      verification:
        signature &&
        verifications.series({ result: signature.form, key_slot: String(signature.keySlot) }),
    }
  }
}

/** Alike for requests that count on the same series. The route comes last: its name may hold a space. */
function kindOf(entry: RequestRecord, decision: string, reason: string): string {
  const { facts, head, status, upstreamStatus, upstreamDurationMs } = entry
  const { claim, signature } = facts
  const upstreamCode = upstreamDurationMs === undefined ? '-' : String(upstreamStatus)
  const verified = signature && `${signature.form} ${String(signature.keySlot)}`
  const codes = `${String(status)} ${upstreamCode}`
  return `${methodOf(head.method)} ${decision} ${reason} ${codes} ${String(claim)} ${String(verified)} ${nameOf(facts)}`
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
