/**
 * For each check that can be in report mode: the reasons that it reports, and the kinds of requests that it
 * judges.
 */
import type { ReportOnlyReason } from '../admit/facts.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import type { ReportableCheck } from '../admit/route-checks.ts'

/** Kinds of requests that a verdict requires. */
export const requestKinds = ['call', 'sync', 'reentry', 'request'] as const

export type RequestKind = (typeof requestKinds)[number]

interface CheckRow {
  readonly reasons: readonly ReportOnlyReason[]
  /** On an Inngest route: some requests of each of these kinds must have passed the check. */
  readonly judges: readonly RequestKind[]
  /** The check runs only after a signature was verified, or is the check of the signature. */
  readonly isOfSigned: boolean
}

/** An unsigned GET or PUT fails the allowlist and the signature with one reason (expected-refusals.ts). */
const unsigned = ['introspection_unsigned', 'sync_unsigned'] as const

export const checkRows: Readonly<Record<ReportableCheck, CheckRow>> = {
  method: {
    reasons: ['method_not_allowed', 'body_not_allowed', 'content_encoding_not_allowed'],
    judges: ['call', 'sync'],
    isOfSigned: false,
  },
  allowlist: {
    reasons: ['client_unidentified', 'client_not_allowed', ...unsigned],
    judges: ['call', 'sync'],
    isOfSigned: false,
  },
  signature: {
    reasons: [
      'signature_missing',
      'signature_malformed',
      'signature_mismatch',
      'introspection_mismatch',
      'sync_body_unexpected',
      'canonicalization_full',
      ...unsigned,
    ],
    judges: ['call', 'sync'],
    isOfSigned: true,
  },
  syncBody: { reasons: ['sync_body_missing'], judges: ['sync'], isOfSigned: true },
  syncUrl: { reasons: ['sync_url_mismatch'], judges: ['sync'], isOfSigned: true },
  app: { reasons: ['app_not_served'], judges: ['call'], isOfSigned: true },
  runId: {
    reasons: ['run_id_missing', 'run_id_mismatch', 'call_body_missing'],
    judges: ['call'],
    isOfSigned: true,
  },
  callIds: {
    reasons: ['call_ids_mismatch', 'call_ids_unsigned'],
    judges: ['call'],
    isOfSigned: true,
  },
  functionId: { reasons: ['function_id_mismatch'], judges: ['call'], isOfSigned: true },
  encryption: { reasons: ['payload_not_encrypted'], judges: ['call'], isOfSigned: true },
  // One clock signs calls and syncs, and both are claimed in the same way. Where CI syncs unsigned, no sync is
  // signed.
  freshness: {
    reasons: ['timestamp_too_old', 'timestamp_in_future'],
    judges: ['call'],
    isOfSigned: true,
  },
  replay: {
    reasons: [
      'replayed',
      'claim_kind_mismatch',
      'claims_too_many',
      'replay_cache_full',
      'replay_undecidable',
      'replay_store_unavailable',
      'timestamp_before_start',
      'canonicalization_full',
    ],
    judges: ['call'],
    isOfSigned: true,
  },
}

/** On durable and passthrough routes, requests are of one kind each. */
export function judgedKinds(
  policy: RoutePolicy['kind'],
  check: ReportableCheck,
): readonly RequestKind[] {
  if (policy === 'inngest') return checkRows[check].judges
  return policy === 'durable' ? ['reentry'] : ['request']
}
