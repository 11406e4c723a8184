/** The meaning of each field in the log line of a request. A field without a meaning does not compile. */
import type { LogFields } from './log-fields.ts'

/** One sentence for the operator. */
export const logFieldMeanings = {
  request_id: '`X-Request-Id` of the request if it is a plain id, otherwise a generated id.',
  signed_request_id:
    '`ctx.request_id` of the signed body, if it differs from `X-Request-Id`; forwarded to the app instead of it.',
  decision: '`admitted`, `refused` or `failed`.',
  reason: 'Why the request was refused or failed ([reasons](reasons.md)), or `none`.',
  client_ip: 'Client address, compared with the allowlist.',
  remote_ip: 'Remote address of the connection: the client, or the proxy in front.',
  proxied_ip: 'Client address in the PROXY protocol header.',
  client_ip_source:
    'Where `client_ip` comes from: `peer`, `x-forwarded-for`, `proxy-protocol`, or `unresolved`.',
  route: 'Name of the route; absent if no route has this host and path.',
  durable:
    'On a durable route: `user`, or `reentry` for a request that goes on with a run (one with a header of Inngest). Absent on other routes.',
  method: 'Request method as received.',
  host: '`Host` as the client sent it; several are joined with a comma.',
  path: 'Request path as received, without the query.',
  status: 'Response status sent to the client; absent if the client had disconnected.',
  upstream_status:
    'Status of the app’s response. An app that streams responds 201 to every function call and puts the real status into the body, which the gateway does not read.',
  duration_ms: 'Milliseconds from the request headers to the end of the response.',
  upstream_duration_ms: 'Milliseconds that the app took for its response, part of `duration_ms`.',
  waited_ms:
    'Milliseconds that the function call waited for `limits` of its route, part of `duration_ms`; absent if it did not wait.',
  body_bytes: 'Length of the body as received, if the body was read completely.',
  signature_age_seconds:
    'Age of the signature by its signed time; negative if that time is in the future.',
  key_slot: 'Position of the signing key that verified the request, from 0.',
  key: 'Where the signing key of `key_slot` is configured, never the key itself.',
  resigned_with:
    'Where the key is configured (`resignWith`) with which the forwarded request was re-signed; absent if it was forwarded with its own signature.',
  report_only: 'Reasons to refuse the request whose checks are in `report` mode.',
  encryption:
    'On a route with `encryption`, of a function call: `encrypted`, `plain_event` or `plain_step` for what is in plain, `unreadable`, or `use_api` if the app fetches steps and events itself, which are not checked.',
  diagnosis:
    'Diagnosis of a signature that does not match the body as received, or of a replayed function call ([diagnoses](reasons.md)).',
  diagnosis_detail:
    'Evidence for `diagnosis`: offsets, lengths, key labels and at most one byte of the body; or the setting that may be missing.',
  external_auth:
    'True if the request was decided by external authorization: the proxy forwards it itself ([external authorization](../how-to/external-authorization.md)).',
  unsigned: 'True if the request was admitted unsigned because of `unsignedGet` or `unsignedPut`.',
  claim:
    '`released` if no byte of the function call reached the app and its signature can be claimed again, `not_released` if releasing the claim failed. Absent otherwise.',
  redirect:
    'After the app responded with 307 or 308: `rearmed` if the redirect target may be called with the same signature, `not_served` if no Inngest route has the host and path of the target, otherwise `not_rearmed`.',
  fn_id: '`fnId` of the query.',
  expected_fn_id:
    '`fnId` of earlier function calls with the same signed `ctx.fn_id`, if this request has a different one.',
  app: 'On a route with `apps`: the configured app that `fnId` belongs to; absent if it belongs to none.',
  step_id: '`stepId` of the query.',
  run_id: '`X-Run-ID`.',
  trace_id: 'Trace id from `traceparent`.',
} as const satisfies Readonly<Record<keyof LogFields, string>>
