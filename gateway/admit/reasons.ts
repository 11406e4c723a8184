/* eslint-disable max-lines -- One flat table, in which nothing branches. */
/**
 * The one table of reasons to refuse. A new reason is one row here; every other mention is type-checked
 * against it.
 */

/** Where in the life of a request a reason belongs, in the order of the checks. */
export const phases = [
  'connection',
  'head',
  'route',
  'client',
  'allowlist',
  'credentials',
  'capacity',
  'body',
  'signature',
  'agreement',
  'freshness',
  'replay',
] as const

export type Phase = (typeof phases)[number]

interface ReasonRow {
  readonly phase: Phase
  /** The status the sender sees (a PUT may see another, exchange/error-response.ts); undefined if it is only hung up on. */
  readonly status: number | undefined
  /** One sentence for the operator; never sent. */
  readonly meaning: string
}

export const reasons = {
  connections_full: {
    phase: 'connection',
    status: 503,
    meaning: 'The number of open connections has reached `limits.maxConnections`.',
  },
  address_connections_full: {
    phase: 'connection',
    status: 429,
    meaning:
      'The number of open connections from this address has reached `limits.maxConnectionsPerAddress`.',
  },
  proxy_header_invalid: {
    phase: 'connection',
    status: undefined,
    meaning: 'A trusted proxy did not send a valid PROXY protocol header in time.',
  },
  proxy_header_unexpected: {
    phase: 'connection',
    status: 400,
    meaning:
      'A PROXY protocol header arrived from an address outside `trustedProxies`, or while `listen.proxyProtocol` is off.',
  },
  tls_failed: {
    phase: 'connection',
    status: undefined,
    meaning: 'The TLS handshake failed: no TLS, an old version, or no acceptable certificate.',
  },
  headers_timeout: {
    phase: 'connection',
    status: 408,
    meaning: 'The request headers did not arrive completely within `limits.headersTimeout`.',
  },
  headers_too_large: {
    phase: 'connection',
    status: 431,
    meaning: 'The request headers are longer than `limits.maxHeaderSize`.',
  },
  request_unparsable: {
    phase: 'connection',
    status: 400,
    meaning: 'The request is not valid HTTP/1.0 or HTTP/1.1.',
  },
  authorization_request_unclear: {
    phase: 'head',
    status: 400,
    meaning:
      'The authorization request does not identify the original request as `externalAuth.protocol` expects, or does so in both forms.',
  },
  headers_too_many: {
    phase: 'head',
    status: 431,
    meaning: 'The request has more than `limits.maxHeaderCount` headers.',
  },
  framing_ambiguous: {
    phase: 'head',
    status: 400,
    meaning:
      'The headers do not say clearly where the body ends: two lengths, a length and chunks, or an unknown coding.',
  },
  header_duplicated: {
    phase: 'head',
    status: 400,
    meaning: 'A header that must occur once (`X-Run-ID`, any `X-Inngest-*`) occurs more than once.',
  },
  header_malformed: {
    phase: 'head',
    status: 400,
    meaning: 'A header that the checks read contains bytes outside visible ASCII.',
  },
  expectation_unknown: {
    phase: 'head',
    status: 417,
    meaning: '`Expect` is something other than `100-continue`.',
  },
  request_malformed: {
    phase: 'route',
    status: 400,
    meaning: 'The request target is not a plain path, or `Host` is not one plain host.',
  },
  route_not_found: {
    phase: 'route',
    status: 404,
    meaning: 'No route has this host and path.',
  },
  host_not_served: {
    phase: 'route',
    status: 404,
    meaning:
      'The forwarding proxy would send a `Host` other than the route’s `serveOrigin`. (Inline, the gateway rewrites `Host`.)',
  },
  path_ambiguous: {
    phase: 'route',
    status: 404,
    meaning:
      'The app could treat this path as the path of an Inngest route, of a durable route or of a route with an `allowlist`: after ignoring letter case, accents and invisible characters, the path is another spelling of that path or begins with it. If the path only begins with it, add a passthrough route for exactly this path. Or the path has `..`, by which the app could leave the path of the route.',
  },
  host_ambiguous: {
    phase: 'route',
    status: 404,
    meaning:
      'The app could read the host of a stricter route from this request: `Host` has the same name and differs only in the port or final dots, or the target begins with `//` and that name. Add a route with this host and port, or configure the proxy to send the host of the route; remove `//` and the host from the target.',
  },
  durable_inline_only: {
    phase: 'route',
    status: 404,
    meaning:
      'External authorization was requested for a durable route. Only a gateway that forwards the request itself can pin `Host` and bound what users send.',
  },
  method_not_allowed: {
    phase: 'route',
    status: 405,
    meaning: 'Inngest uses GET, POST and PUT only, and GET only if `introspection` is on.',
  },
  upgrade_not_allowed: {
    phase: 'route',
    status: 400,
    meaning:
      'An `Upgrade` that is not a WebSocket without a body on a passthrough route, or from a user on a durable route.',
  },
  body_not_allowed: {
    phase: 'route',
    status: 400,
    meaning: 'A GET has a body; usually a redirect turned a function call into a GET.',
  },
  content_encoding_not_allowed: {
    phase: 'route',
    status: 415,
    meaning:
      'The body is compressed. Inngest never compresses a body, and the gateway cannot verify a body that it does not decode.',
  },
  client_unidentified: {
    phase: 'client',
    status: 403,
    meaning: 'A trusted proxy sent no parseable client address.',
  },
  client_not_allowed: {
    phase: 'allowlist',
    status: 403,
    meaning: 'The client address is in no allowed range.',
  },
  signature_missing: {
    phase: 'credentials',
    status: 401,
    meaning: 'The request has no `X-Inngest-Signature` header.',
  },
  signature_malformed: {
    phase: 'credentials',
    status: 401,
    meaning:
      '`X-Inngest-Signature` is not exactly one `t=<10 digits>&s=<64 lowercase hex digits>`.',
  },
  reentry_run_id_missing: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A request to a durable route has a header of Inngest but no `X-Run-ID`. Inngest sends one with each re-entry; a user’s request has no header of Inngest at all.',
  },
  introspection_unsigned: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A GET without a signature, from any address; usually a health check, browser or scanner.',
  },
  sync_unsigned: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A PUT without a signature, from any address; usually CI that syncs with `curl -X PUT`, or the dashboard of a self-hosted Inngest (`unsignedPut`). Also from an address in `unsignedPut` if the body is chunked or longer than 4096 bytes.',
  },
  header_not_removable: {
    phase: 'credentials',
    status: 400,
    meaning:
      'The request carries a header that the gateway would strip inline but cannot strip in external-authorization mode (aliases, method overrides, `Forwarded`, Inngest headers of unverified requests).',
  },
  requests_full: {
    phase: 'capacity',
    status: 503,
    meaning: 'The number of requests in flight has reached `limits.maxRequestsInFlight`.',
  },
  route_requests_full: {
    phase: 'capacity',
    status: 503,
    meaning:
      'The number of requests of users in flight on this durable route has reached its `maxRequestsInFlight`.',
  },
  buffer_full: {
    phase: 'capacity',
    status: 503,
    meaning: 'The bodies held in memory would exceed `limits.maxBufferedSize`.',
  },
  body_too_large: {
    phase: 'body',
    status: 413,
    meaning:
      'The body is longer than `limits.maxBodySize`, or that of a user than the `maxBodySize` of the durable route.',
  },
  body_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'The whole body did not arrive within `limits.bodyTimeout`.',
  },
  body_idle_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'No byte of the body arrived for `limits.bodyIdleTimeout`.',
  },
  body_too_slow: {
    phase: 'body',
    status: 408,
    meaning: 'The body arrived slower than `limits.minBodyRate`.',
  },
  body_missing: {
    phase: 'body',
    status: 400,
    meaning:
      'The authorization request has no body, or not all of it, so the signature cannot be verified. nginx `auth_request` never sends the body, and Inngest sends no POST without a body.',
  },
  sync_body_unexpected: {
    phase: 'body',
    status: 400,
    meaning:
      'A PUT that needs no signature (`unsignedPut`) has a body that is not `{"url": …}` with `Content-Type: application/json`.',
  },
  canonicalization_full: {
    phase: 'signature',
    status: 503,
    meaning:
      'Too many long bodies whose signature does not match the bytes as received are queued for canonicalization.',
  },
  signature_mismatch: {
    phase: 'signature',
    status: 401,
    meaning: 'The signature of this body matches no signing key of the route.',
  },
  introspection_mismatch: {
    phase: 'signature',
    status: 401,
    meaning:
      'The signature of a GET matches no signing key of the route; Inngest Cloud also tries the keys of its other environments.',
  },
  target_ambiguous: {
    phase: 'agreement',
    status: 400,
    meaning:
      '`fnId`, `stepId` or `probe` is in the query more than once, or under another spelling that some frameworks accept (`fnId[]`, `FNID`).',
  },
  call_body_missing: {
    phase: 'agreement',
    status: 400,
    meaning:
      'A signed POST has no body and is not a trust probe: the signature of an introspection was used for a function call.',
  },
  sync_body_missing: {
    phase: 'agreement',
    status: 400,
    meaning: 'A signed PUT has no body: the signature of an introspection was used for a sync.',
  },
  sync_url_mismatch: {
    phase: 'agreement',
    status: 403,
    meaning:
      'The body of a PUT has no `url`, or a `url` whose path is not the path of the route or whose authority is not in `host`, `serveOrigin` or `syncAuthorities`: the sync was made for another app. On a route with `legacyServer`, also a PUT with the body of a function call.',
  },
  run_id_missing: {
    phase: 'agreement',
    status: 401,
    meaning:
      'The signed body of a POST is not a function call: the body is not strict JSON, or has no `ctx.run_id`. Durable endpoints make Inngest sign bodies that end users wrote.',
  },
  run_id_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning: '`X-Run-ID`, which is not signed, contradicts the signed `ctx.run_id`.',
  },
  call_ids_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`X-Inngest-Job-ID`, `X-Inngest-Generation-ID` or `X-Inngest-Req-Version` contradicts the signed body, or `X-Inngest-Step-ID` contradicts `stepId`.',
  },
  call_ids_unsigned: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`X-Inngest-Job-ID`, `X-Inngest-Generation-ID` or `X-Inngest-Req-Version` has no counterpart in the signed body to compare with.',
  },
  function_id_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`fnId`, which is not signed, differs from the `fnId` of earlier function calls with the same signed `ctx.fn_id`. The log line has both (`fn_id`, `expected_fn_id`): `fnId` was changed in transit, or the app renamed the function.',
  },
  timestamp_too_old: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature is older than `freshness.maxAge`.',
  },
  timestamp_in_future: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature time is further in the future than `freshness.clockTolerance`.',
  },
  timestamp_before_start: {
    phase: 'replay',
    status: 503,
    meaning:
      'The signature is older than the replay cache: made before the gateway started or, with Redis, before Redis started or first stored a claim. Inngest re-signs each retry.',
  },
  replay_undecidable: {
    phase: 'replay',
    status: 401,
    meaning:
      'The signature is older than `freshness.maxAge` plus `freshness.clockTolerance`, the time for which a claim is kept, and the route does not enforce freshness: the signature may be a replay.',
  },
  replayed: {
    phase: 'replay',
    status: 409,
    meaning: 'This signature was already claimed by an earlier request.',
  },
  claim_kind_mismatch: {
    phase: 'replay',
    status: 409,
    meaning:
      'This signature was already claimed by a request of another kind: by a function call or sync, and now used for the re-entry of a durable endpoint or a trust probe, or the other way round. Usually someone sends captured signatures. If the durable endpoints share a signing key with functions, give them one of their own (`requireOwnKeys`).',
  },
  claims_too_many: {
    phase: 'replay',
    status: 503,
    meaning:
      '1,000 requests with this signature were already admitted, with different ids. Inngest signs alike only what it sends within one second with the same body; usually someone sends a captured re-entry with changed ids. Inngest re-signs each retry.',
  },
  replay_cache_full: {
    phase: 'replay',
    status: 503,
    meaning:
      'The replay cache is full (`replay.maxEntries`); a live claim is never evicted to make room.',
  },
} as const satisfies Record<string, ReasonRow>

export type Reason = keyof typeof reasons
