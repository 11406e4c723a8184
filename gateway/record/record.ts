/** What is kept of a request: one log line and its metrics, exactly once, whatever happened. */
import type { Logger } from 'pino'

import type { Facts, ReportOnlyReason } from '../admit/facts.ts'
import { clockStates, type ClockChange, type ClockDrift } from './clock-drift.ts'
import type { KeyUsage } from './key-usage.ts'
import { keyOf, logFields, type LogFields } from './log-fields.ts'
import { REQUEST_MESSAGE } from './log-line.ts'
import type { Metrics } from './metrics.ts'
import type { RegisteredSchemes } from './registered-schemes.ts'
import type { Decision, RequestRecord } from './request-record.ts'
import type { Tracing } from './tracing.ts'
import type { UnservedRedirects } from './unserved-redirects.ts'

const METHODS = new Set(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'DELETE'])

/** Keeps some of it for the status page. */
export interface StatusSink {
  add(entry: RequestRecord, decision: Decision, reason: string, fields: LogFields): void
}

export interface RecordSinks {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly keyUsage: KeyUsage
  readonly clockDrift: ClockDrift
  readonly unservedRedirects: UnservedRedirects
  readonly registeredSchemes: RegisteredSchemes
  readonly tracing: Tracing | undefined
  /** Undefined where nobody may look at it. */
  readonly status: StatusSink | undefined
}

export function record(entry: RequestRecord, sinks: RecordSinks): void {
  const { logger, metrics } = sinks
  const decision = decisionOf(entry)
  const reason = entry.refusal ?? entry.fault?.code ?? 'none'
  count(entry, decision, reason, metrics)
  countSignature(entry, sinks)
  sinks.tracing?.record(entry)
  sinks.unservedRedirects.add(entry.facts, logger)
  sinks.registeredSchemes.add(entry.facts, logger)
  const line = logFields(entry, decision, reason)
  sinks.status?.add(entry, decision, reason, line)
  if (entry.fault === undefined) logger.info(line, REQUEST_MESSAGE)
  else logger.error({ ...line, err: entry.fault.cause }, REQUEST_MESSAGE)
}

function decisionOf({ refusal, fault }: RequestRecord): Decision {
  if (fault !== undefined) return 'failed'
  return refusal === undefined ? 'admitted' : 'refused'
}

function count(entry: RequestRecord, decision: string, reason: string, metrics: Metrics): void {
  const { facts, head, status } = entry
  const route = facts.route?.name ?? 'unmatched'
  const method = METHODS.has(head.method) ? head.method : 'other'
  metrics.requests.inc({ route, method, decision, reason, code: String(status ?? 'none') })
  metrics.requestDuration.observe({ route, decision }, entry.durationMs / 1000)
  if (entry.upstreamDurationMs !== undefined) {
    const code = String(entry.upstreamStatus ?? 'none')
    metrics.upstreamDuration.observe({ route, code }, entry.upstreamDurationMs / 1000)
  }
  if (facts.bodyBytes !== undefined) metrics.bodyBytes.observe(facts.bodyBytes)
  countClaim(facts, metrics)
  if (entry.diagnosis !== undefined) {
    metrics.diagnoses.inc({ route, diagnosis: entry.diagnosis.kind })
  }
  for (const reason of facts.reportOnly ?? []) metrics.reportOnlyRefusals.inc({ route, reason })
}

function countClaim({ claim, release }: Facts, { claims }: Metrics): void {
  if (claim !== undefined) claims.inc({ result: claim })
  if (release === 'released') claims.inc({ result: release })
}

/** An introspection that no key signed has a reason of its own, since it is mostly noise. */
const MISMATCHES = new Set<ReportOnlyReason | undefined>([
  'signature_mismatch',
  'introspection_mismatch',
])

function isMismatch({ refusal, facts: { reportOnly } }: RequestRecord): boolean {
  return MISMATCHES.has(refusal) || reportOnly?.some((reason) => MISMATCHES.has(reason)) === true
}

function countSignature(
  entry: RequestRecord,
  { metrics, keyUsage, clockDrift, logger }: RecordSinks,
): void {
  const { facts, refusal, endedMs, endedMonotonicMs } = entry
  if (isMismatch(entry)) {
    metrics.verifications.inc({ result: 'mismatch', key_slot: 'none' })
  }
  if (facts.isUnsigned === true) metrics.verifications.inc({ result: 'none', key_slot: 'none' })
  if (facts.signature === undefined) return
  const { form, keySlot } = facts.signature
  metrics.verifications.inc({ result: form, key_slot: String(keySlot) })
  const key = keyOf(facts)
  if (key !== undefined) keyUsage.verified(key, endedMs)
  if (facts.signatureAgeSeconds === undefined) return
  metrics.signatureAge.observe(facts.signatureAgeSeconds)
  // Not for a refused request: whoever replays old captures would make this clock look ahead.
  if (refusal !== undefined) return
  const change = clockDrift.add(facts.signatureAgeSeconds, endedMonotonicMs)
  if (change !== undefined) announceClock(change, logger)
}

function announceClock({ from, to, medianSeconds }: ClockChange, logger: Logger): void {
  const line = {
    clock_state: to,
    previous_clock_state: from,
    median_age_seconds: medianSeconds,
    meaning: clockStates[to],
  }
  if (to === 'ahead' || to === 'behind') logger.warn(line, 'clock drift detected')
  else if (from === 'ahead' || from === 'behind') logger.info(line, 'clock drift ended')
}
