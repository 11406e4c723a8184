/** What is kept of a request: one log line and its metrics, exactly once, whatever happened. */
import type { Logger } from 'pino'

import type { Diagnosis } from '../diagnosis/diagnose.ts'
import type { Findings } from '../findings.ts'
import { formatAddress } from '../checks/address.ts'
import { fieldValues, type RequestHead } from '../checks/request-head.ts'
import type { GatewayFault } from '../errors.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import type { Reason } from '../reasons.ts'
import type { Clock } from './clock.ts'
import { clockStates, type ClockChange, type ClockDrift } from './clock-drift.ts'
import type { KeyUsage } from './key-usage.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

export interface RequestRecord {
  readonly requestId: string
  readonly head: RequestHead
  readonly findings: Findings
  readonly refusal: Reason | undefined
  readonly fault: GatewayFault | undefined
  /** Undefined if nobody was left to answer. */
  readonly status: number | undefined
  readonly upstreamStatus: number | undefined
  readonly diagnosis: Diagnosis | undefined
  readonly durationMs: number
  readonly upstreamDurationMs: number | undefined
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'DELETE'])

export interface RecordSinks {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly keyUsage: KeyUsage
  readonly clockDrift: ClockDrift
  readonly tracing: Tracing | undefined
  readonly clock: Clock
}

export function record(entry: RequestRecord, sinks: RecordSinks): void {
  const { logger, metrics } = sinks
  const decision = decisionOf(entry)
  const reason = entry.refusal ?? entry.fault?.code ?? 'none'
  count(entry, decision, reason, metrics)
  countSignature(entry, sinks)
  sinks.tracing?.record(entry, sinks.clock.nowMs())
  const line = logFields(entry, decision, reason)
  if (entry.fault === undefined) logger.info(line, 'request')
  else logger.error({ ...line, err: entry.fault.cause }, 'request')
}

function decisionOf({ refusal, fault }: RequestRecord): 'admitted' | 'refused' | 'failed' {
  if (fault !== undefined) return 'failed'
  return refusal === undefined ? 'admitted' : 'refused'
}

function count(entry: RequestRecord, decision: string, reason: string, metrics: Metrics): void {
  const { findings, head, status } = entry
  const route = findings.route?.name ?? 'unmatched'
  const method = METHODS.has(head.method) ? head.method : 'other'
  metrics.requests.inc({ route, method, decision, reason, code: String(status ?? 'none') })
  metrics.requestDuration.observe({ route, decision }, entry.durationMs / 1000)
  if (entry.upstreamDurationMs !== undefined) {
    const code = String(entry.upstreamStatus ?? 'none')
    metrics.upstreamDuration.observe({ route, code }, entry.upstreamDurationMs / 1000)
  }
  if (findings.bodyBytes !== undefined) metrics.bodyBytes.observe(findings.bodyBytes)
  if (findings.claim !== undefined) metrics.claims.inc({ result: findings.claim })
  if (entry.diagnosis !== undefined) {
    metrics.diagnoses.inc({ route, diagnosis: entry.diagnosis.kind })
  }
  for (const reported of findings.reported ?? []) metrics.reported.inc({ route, reason: reported })
}

function countSignature(
  { findings, refusal }: RequestRecord,
  { metrics, keyUsage, clockDrift, clock, logger }: RecordSinks,
): void {
  if (refusal === 'signature_mismatch') {
    metrics.verifications.inc({ result: 'mismatch', key_slot: 'none' })
  }
  if (findings.isUnsigned === true) metrics.verifications.inc({ result: 'none', key_slot: 'none' })
  if (findings.signature === undefined) return
  const { form, keySlot } = findings.signature
  metrics.verifications.inc({ result: form, key_slot: String(keySlot) })
  const key = keyOf(findings)
  if (key !== undefined) keyUsage.verified(key, clock.nowMs())
  if (findings.signatureAgeSeconds === undefined) return
  metrics.signatureAge.observe(findings.signatureAgeSeconds)
  // Of a refused one not: whoever replays old captures would make this clock look ahead.
  if (refusal !== undefined) return
  const change = clockDrift.add(findings.signatureAgeSeconds, clock.monotonicMs())
  if (change !== undefined) announceClock(change, logger)
}

function announceClock({ from, to, medianSeconds }: ClockChange, logger: Logger): void {
  const line = { clock: to, before: from, median_age_s: medianSeconds, meaning: clockStates[to] }
  if (to === 'ahead' || to === 'behind') logger.warn(line, 'the clocks drift apart')
  else if (from === 'ahead' || from === 'behind') logger.info(line, 'the clocks agree again')
}

/** The key that verified the request. */
function keyOf({ route, signature }: Findings): SigningKey | undefined {
  return route?.kind === 'inngest' && signature ? route.signingKeys[signature.keySlot] : undefined
}

/** Nothing here is derived from a key, a body or a signature. */
function logFields(entry: RequestRecord, decision: string, reason: string): object {
  const { findings, head } = entry
  const mark = head.target.indexOf('?')
  const path = mark === -1 ? head.target : head.target.slice(0, mark)
  const query = new URLSearchParams(mark === -1 ? '' : head.target.slice(mark + 1))
  return {
    request_id: entry.requestId,
    decision,
    reason,
    client_ip: findings.client && formatAddress(findings.client.address),
    peer_ip: head.connection.remoteAddress,
    proxied_ip: head.connection.proxied?.sourceAddress,
    ip_source: findings.client?.source ?? 'unresolved',
    route: findings.route?.name,
    method: printable(head.method),
    path: printable(path),
    status: entry.status,
    upstream_status: entry.upstreamStatus,
    duration_ms: rounded(entry.durationMs),
    upstream_duration_ms: rounded(entry.upstreamDurationMs),
    body_bytes: findings.bodyBytes,
    sig_age_s: findings.signatureAgeSeconds,
    key_slot: findings.signature?.keySlot,
    key: keyOf(findings)?.label,
    reported: findings.reported,
    diagnosis: entry.diagnosis?.kind,
    diagnosis_detail: entry.diagnosis?.detail,
    unsigned: findings.isUnsigned,
    fn_id: printable(query.get('fnId')),
    step_id: printable(query.get('stepId')),
    run_id: printable(fieldValues(head.rawHeaders, 'x-run-id')[0]),
    trace_id: TRACEPARENT.exec(fieldValues(head.rawHeaders, 'traceparent')[0] ?? '')?.[1],
  }
}

/** W3C Trace Context 3.2, whose second part is the trace's id. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/

const MAX_LOGGED_CHARACTERS = 200

/** What the sender wrote, short and in visible ASCII, so that no log viewer can be led astray. */
function printable(text: string | null | undefined): string | undefined {
  return text?.slice(0, MAX_LOGGED_CHARACTERS).replace(/[^\x20-\x7e]/g, '?')
}

function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 100) / 100
}
