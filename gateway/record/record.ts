/** Records each request exactly once, with any outcome: one log line and its metrics. */
import type { Logger } from 'pino'

import { clockStates, type ClockChange, type ClockDrift } from './clock-drift.ts'
import type { DurableSigns } from './durable-signs.ts'
import type { KeyUsage } from './key-usage.ts'
import { keyOf, logFields, type LogFields } from './log-fields.ts'
import { REQUEST_MESSAGE } from './log-line.ts'
import type { RegisteredSchemes } from './registered-schemes.ts'
import type { SdkInventory } from './sdk-inventory.ts'
import type { RequestCounts } from './request-counts.ts'
import type { Decision, RequestRecord } from './request-record.ts'
import type { Tracing } from './tracing.ts'
import type { UnservedRedirects } from './unserved-redirects.ts'

/** Keeps part of the record for the status page. */
export interface StatusSink {
  add(entry: RequestRecord, decision: Decision, reason: string, fields: LogFields): void
}

export interface RecordSinks {
  readonly logger: Logger
  readonly counts: RequestCounts
  readonly keyUsage: KeyUsage
  readonly clockDrift: ClockDrift
  readonly unservedRedirects: UnservedRedirects
  readonly registeredSchemes: RegisteredSchemes
  readonly durableSigns: DurableSigns
  readonly sdkInventory: SdkInventory
  readonly tracing: Tracing | undefined
  /** Undefined if the status page is off. */
  readonly status: StatusSink | undefined
}

export function record(entry: RequestRecord, sinks: RecordSinks): void {
  const { logger, counts } = sinks
  const decision = decisionOf(entry)
  const reason = entry.refusal ?? entry.fault?.code ?? 'none'
  counts.count(entry, decision, reason)
  noteSignature(entry, sinks)
  sinks.tracing?.record(entry)
  sinks.unservedRedirects.add(entry.facts, logger)
  sinks.registeredSchemes.add(entry.facts, logger)
  sinks.durableSigns.add(entry.facts, logger)
  sinks.sdkInventory.add(entry, logger)
  const line = logFields(entry, decision, reason)
  sinks.status?.add(entry, decision, reason, line)
  if (entry.fault === undefined) logger.info(line, REQUEST_MESSAGE)
  else logger.error({ ...line, err: entry.fault.cause }, REQUEST_MESSAGE)
}

function decisionOf({ refusal, fault }: RequestRecord): Decision {
  if (fault !== undefined) return 'failed'
  return refusal === undefined ? 'admitted' : 'refused'
}

/** Updates the last use of the key and the clock drift. */
function noteSignature(entry: RequestRecord, { keyUsage, clockDrift, logger }: RecordSinks): void {
  const { facts, refusal, endedMs, endedMonotonicMs } = entry
  const key = keyOf(facts)
  if (key !== undefined) keyUsage.verified(key, endedMs)
  if (facts.signature === undefined || facts.signatureAgeSeconds === undefined) return
  // Not for a refused request: replayed old captures would make this clock look ahead.
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
