/** The log line of a request: the names and values that operators search for. */
import { formatAddress } from '../ip/address.ts'
import { isSigning } from '../admit/policy.ts'
import { fieldValues } from '../admit/request-head.ts'
import { splitTarget } from '../admit/checks/route.ts'
import type { Facts } from '../admit/facts.ts'
import { callParameters } from '../inngest/call-parameters.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import { printable } from '../redact/safe-text.ts'
import { redactKeys } from '../redact/redact-secrets.ts'
import type { Decision, RequestRecord } from './request-record.ts'

/** The key that verified the request. */
export function keyOf({ route, signature }: Facts): SigningKey | undefined {
  return route && isSigning(route) && signature ? route.signingKeys[signature.keySlot] : undefined
}

export type LogFields = ReturnType<typeof logFields>

/**
 * Nothing here is derived from a key, a body or a signature. One object literal, because it is built for every
 * request.
 */
export function logFields(entry: RequestRecord, decision: Decision, reason: string) {
  const { head, facts, diagnosis } = entry
  const { connection, rawHeaders } = head
  const { client } = facts
  const { path, query } = splitTarget(head.target)
  const { fnId, stepId } = facts.parameters ?? callParameters(query)
  return {
    request_id: entry.requestId,
    signed_request_id: shown(facts.signedRequestId),
    decision,
    reason,
    client_ip: client && formatAddress(client.address),
    remote_ip: connection.remoteAddress,
    proxied_ip: connection.proxied?.sourceAddress,
    client_ip_source: client?.source ?? 'unresolved',
    route: facts.route?.name,
    durable: facts.durable,
    method: shown(head.method),
    host: shown(hostsOf(rawHeaders)),
    path: shown(path),
    status: entry.status,
    upstream_status: entry.upstreamStatus,
    duration_ms: rounded(entry.durationMs),
    upstream_duration_ms: rounded(entry.upstreamDurationMs),
    waited_ms: rounded(facts.waitedMs),
    body_bytes: facts.bodyBytes,
    signature_age_seconds: facts.signatureAgeSeconds,
    key_slot: facts.signature?.keySlot,
    key: keyOf(facts)?.label,
    resigned_with: facts.resignedWith,
    report_only: facts.reportOnly,
    encryption: facts.encryption,
    diagnosis: diagnosis?.kind,
    diagnosis_detail: diagnosis?.detail,
    external_auth: facts.isExternalAuth,
    unsigned: facts.isUnsigned,
    redirect: facts.redirect,
    claim: facts.release,
    // Claimed by the sender and not signed by Inngest.
    fn_id: shown(fnId),
    expected_fn_id: shown(facts.expectedFnId),
    // From the configuration, so it needs no escaping.
    app: facts.app ?? undefined,
    step_id: shown(stepId),
    run_id: shown(fieldValues(rawHeaders, 'x-run-id')[0]),
    trace_id: traceIdOf(rawHeaders),
  }
}

/** All values, because a request with two `Host` headers is refused for that. */
function hostsOf(rawHeaders: readonly string[]): string | undefined {
  const hosts = fieldValues(rawHeaders, 'host')
  return hosts.length > 1 ? hosts.join(', ') : hosts[0]
}

/** W3C Trace Context 3.2. The second part is the trace id. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/

function traceIdOf(rawHeaders: readonly string[]): string | undefined {
  const [traceparent = ''] = fieldValues(rawHeaders, 'traceparent')
  return TRACEPARENT.test(traceparent) ? traceparent.slice(3, 35) : undefined
}

function shown(text: string | null | undefined): string | undefined {
  return text === null || text === undefined ? undefined : printable(redactKeys(text))
}

function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 100) / 100
}
