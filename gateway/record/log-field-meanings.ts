/** What each field of a request's log line means. A field without a meaning does not compile. */
import type { LogFields } from './log-fields.ts'

/** One sentence for the operator. */
export const logFieldMeanings = {
  request_id: "The sender's `X-Request-Id` where that is a plain id, otherwise made.",
  signed_request_id:
    '`ctx.request_id` of the signed body, where `X-Request-Id` says otherwise: the app gets this one.',
  decision: '`admitted`, `refused` or `failed`.',
  reason: 'Why it was refused or failed ([reasons](reasons.md)), or `none`.',
  client_ip: 'Client address, which the allowlist is asked about.',
  remote_ip: 'The other end of the connection: the client, or the proxy in front.',
  proxied_ip: 'Client address that the PROXY protocol header names.',
  client_ip_source:
    'Where `client_ip` comes from: `peer`, `x-forwarded-for`, `proxy-protocol`, or `unresolved`.',
  route: 'Name of the route; none if no route has this host and path.',
  method: 'As the sender wrote it.',
  host: '`Host` as the client sent it; several are joined with a comma.',
  path: 'As the sender wrote it, without the query.',
  status: 'What the sender got; none if nobody was left to answer.',
  upstream_status:
    'Status of the app’s response. An app that streams responds 201 to every function call and puts the real status into the body, which the gateway does not read.',
  duration_ms: 'From the head of the request to the end of its answer.',
  upstream_duration_ms: 'What the app took of that.',
  body_bytes: 'Length of the body as received, where it was read whole.',
  signature_age_seconds: 'Age that the signature claims; negative if it is ahead of this clock.',
  key_slot: 'Position of the key that verified it, from 0.',
  key: 'Where that key is configured, never the key.',
  report_only: 'Reasons to refuse it that its route only reports.',
  diagnosis:
    'What was found out about a signature that does not match the body as received, or about a replayed call ([diagnoses](reasons.md)).',
  diagnosis_detail:
    'Offsets, lengths and key labels that show it, and of the body at most one byte; or the setting that may be missing.',
  external_auth:
    'True if the request was decided by external authorization: the proxy forwards it itself ([external authorization](external-auth.md)).',
  unsigned: 'True if it was let through unsigned, by `unsignedGet` or `unsignedPut`.',
  claim:
    '`released` if no byte of the call reached the app and its signature may be used again, `not_released` if that could not be done. Absent otherwise.',
  redirect:
    'After a 307 or 308 of the app: `rearmed` if its target may be called with the same signature, `not_served` if no Inngest route has its host and path, otherwise `not_rearmed`.',
  fn_id: '`fnId` of the query.',
  expected_fn_id:
    'The `fnId` that earlier calls with the same signed `ctx.fn_id` had, if this one has another.',
  step_id: '`stepId` of the query.',
  run_id: '`X-Run-ID`.',
  trace_id: 'The trace of `traceparent`.',
} as const satisfies Readonly<Record<keyof LogFields, string>>
