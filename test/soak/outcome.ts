/** How a request ends: for the metrics, the log and its sender. */

export type Decision = 'admitted' | 'refused' | 'failed'

export interface Outcome {
  readonly route: string
  readonly decision: Decision
  readonly reason: string
  readonly status: number
  readonly reported: readonly string[]
}

const STATUS: Readonly<Record<string, number>> = {
  none: 200,
  request_unparsable: 400,
  header_duplicated: 400,
  request_malformed: 400,
  route_not_found: 404,
  path_ambiguous: 404,
  host_ambiguous: 404,
  method_not_allowed: 405,
  body_not_allowed: 400,
  content_encoding_not_allowed: 415,
  client_not_allowed: 403,
  signature_missing: 401,
  signature_malformed: 401,
  introspection_unsigned: 401,
  sync_unsigned: 401,
  signature_mismatch: 401,
  introspection_mismatch: 401,
  call_body_missing: 400,
  sync_body_missing: 400,
  sync_url_mismatch: 403,
  run_id_missing: 401,
  run_id_mismatch: 401,
  call_ids_mismatch: 401,
  call_ids_unsigned: 401,
  timestamp_too_old: 401,
  timestamp_in_future: 401,
  timestamp_before_start: 503,
  target_ambiguous: 400,
  replayed: 409,
  replay_store_unavailable: 503,
  upstream_connect: 502,
}

const FAULTS = new Set(['replay_store_unavailable', 'upstream_connect'])

export function outcomeOf(
  method: string,
  route: string,
  reason: string,
  reported: readonly string[],
): Outcome {
  const decision = reason === 'none' ? 'admitted' : FAULTS.has(reason) ? 'failed' : 'refused'
  const status = STATUS[reason] ?? 0
  return { route, decision, reason, status: method === 'PUT' ? ofSync(status) : status, reported }
}

/** Inngest takes any other status of a sync for a success. */
function ofSync(status: number): number {
  if ([200, 400, 401, 403, 404, 500].includes(status)) return status
  if (status === 409) return 403
  return status < 500 ? 400 : 500
}

export function keyOf({ route, decision, reason, status, reported }: Outcome): string {
  return `${route}: ${decision} ${reason} ${String(status)} [${reported.join()}]`
}
