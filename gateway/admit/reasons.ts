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
  /** The status the sender sees (a PUT may see another, http/responder.ts); undefined if it is only hung up on. */
  readonly status: number | undefined
  /** One sentence for the operator; never sent. */
  readonly meaning: string
}

export const reasons = {
  connections_full: {
    phase: 'connection',
    status: 503,
    meaning: '`limits.maxConnections` are open.',
  },
  address_connections_full: {
    phase: 'connection',
    status: 429,
    meaning: '`limits.maxConnectionsPerAddress` are open from this address.',
  },
  proxy_header_invalid: {
    phase: 'connection',
    status: undefined,
    meaning: 'A trusted proxy did not begin with a readable PROXY protocol header in time.',
  },
  proxy_header_unexpected: {
    phase: 'connection',
    status: 400,
    meaning:
      'A PROXY protocol header from a peer outside `trustedProxies`, or without `listen.proxyProtocol`.',
  },
  tls_failed: {
    phase: 'connection',
    status: undefined,
    meaning: 'The TLS handshake failed: no TLS, an old version, or no acceptable certificate.',
  },
  headers_timeout: {
    phase: 'connection',
    status: 408,
    meaning: 'No whole head arrived within `limits.headersTimeout`.',
  },
  headers_too_large: {
    phase: 'connection',
    status: 431,
    meaning: 'The head is longer than `limits.maxHeaderSize`.',
  },
  request_unparsable: {
    phase: 'connection',
    status: 400,
    meaning: 'What was sent is not strictly HTTP/1.1.',
  },
  authorization_request_unclear: {
    phase: 'head',
    status: 400,
    meaning:
      'A proxy that asks does not say which request it asks about, in the form that `externalAuth.protocol` expects, or in both.',
  },
  headers_too_many: {
    phase: 'head',
    status: 431,
    meaning: 'The head has more than `limits.maxHeaderCount` fields.',
  },
  framing_ambiguous: {
    phase: 'head',
    status: 400,
    meaning:
      'Where the request ends could be read in two ways, or the HTTP version is not 1.0 or 1.1.',
  },
  header_duplicated: {
    phase: 'head',
    status: 400,
    meaning: 'A field that must be alone (`X-Run-ID`, an `X-Inngest-*`) is there twice.',
  },
  header_malformed: {
    phase: 'head',
    status: 400,
    meaning: 'A field that decides something holds bytes outside visible ASCII.',
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
      'A proxy that asks would pass on another `Host` than that of the route’s `serveOrigin`, which inline is written anew.',
  },
  path_ambiguous: {
    phase: 'route',
    status: 404,
    meaning:
      'An app may take this passthrough path for one of an Inngest route, or of a route with an `allowlist`: it is another spelling of that path, or begins with it, letter case, accents and invisible characters apart. If it only begins with it, a passthrough route for exactly this path lets it pass.',
  },
  host_ambiguous: {
    phase: 'route',
    status: 404,
    meaning:
      'An app may read the host of a stricter route from this request: the name in `Host` is the same and only the port or final dots differ, or the target begins with `//` and that name. Add a route with this host and port, or have the proxy send the host of the route; remove `//` and the host from the target.',
  },
  method_not_allowed: {
    phase: 'route',
    status: 405,
    meaning: 'Inngest uses GET, POST and PUT only, and GET only if `introspection` is on.',
  },
  upgrade_not_allowed: {
    phase: 'route',
    status: 400,
    meaning: 'An `Upgrade` other than a WebSocket, without a body, on a passthrough route.',
  },
  body_not_allowed: {
    phase: 'route',
    status: 400,
    meaning: 'A GET with a body: a redirect turned a function call into a GET.',
  },
  content_encoding_not_allowed: {
    phase: 'route',
    status: 415,
    meaning: 'Inngest never compresses a body, and what is not read cannot be verified.',
  },
  client_unidentified: {
    phase: 'client',
    status: 403,
    meaning: 'A trusted proxy did not say readably who its client is.',
  },
  client_not_allowed: {
    phase: 'allowlist',
    status: 403,
    meaning: 'The client address is in no allowed range.',
  },
  signature_missing: {
    phase: 'credentials',
    status: 401,
    meaning: 'There is no `X-Inngest-Signature`.',
  },
  signature_malformed: {
    phase: 'credentials',
    status: 401,
    meaning:
      '`X-Inngest-Signature` is not exactly one `t=<10 digits>&s=<64 lowercase hex digits>`.',
  },
  introspection_unsigned: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A GET without a signature, from whatever address: a health check, a browser, a scanner.',
  },
  sync_unsigned: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A PUT without a signature, from whatever address: CI that syncs by `curl -X PUT`, or the dashboard of a self-hosted Inngest (`unsignedPut`). Also from an allowed address if its body comes in chunks or has more than 4096 bytes.',
  },
  header_not_removable: {
    phase: 'credentials',
    status: 400,
    meaning:
      'A field that is taken off inline, and that a proxy which only asks would leave on (aliases, method overrides, `Forwarded`, Inngest fields of unverified requests).',
  },
  requests_full: {
    phase: 'capacity',
    status: 503,
    meaning: '`limits.maxRequestsInFlight` are being read or answered.',
  },
  buffer_full: {
    phase: 'capacity',
    status: 503,
    meaning: 'The bodies held at once would take more than `limits.maxBufferedSize`.',
  },
  body_too_large: {
    phase: 'body',
    status: 413,
    meaning: 'The body is longer than `limits.maxBodySize`.',
  },
  body_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'The whole body did not arrive within `limits.bodyTimeout`.',
  },
  body_idle_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'Nothing of the body arrived for `limits.bodyIdleTimeout`.',
  },
  body_too_slow: {
    phase: 'body',
    status: 408,
    meaning: 'The body came slower than `limits.minBodyRate`.',
  },
  body_missing: {
    phase: 'body',
    status: 400,
    meaning:
      'A proxy that asks did not send the body, or not all of it: nothing can be verified. nginx `auth_request` never sends it, and Inngest sends no POST without one.',
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
      'Too many long bodies that are not signed as they came wait to be brought into canonical form.',
  },
  signature_mismatch: {
    phase: 'signature',
    status: 401,
    meaning: 'No signing key of the route makes this signature over this body.',
  },
  introspection_mismatch: {
    phase: 'signature',
    status: 401,
    meaning:
      'A GET that no signing key of the route signed: Inngest Cloud tries those of its other environments.',
  },
  target_ambiguous: {
    phase: 'agreement',
    status: 400,
    meaning:
      '`fnId`, `stepId` or `probe` is in the query more than once, or under another spelling that some frameworks take for it (`fnId[]`, `FNID`).',
  },
  call_body_missing: {
    phase: 'agreement',
    status: 400,
    meaning:
      'A signed POST without a body that is no trust probe: the signature of an introspection, used for a function call.',
  },
  sync_body_missing: {
    phase: 'agreement',
    status: 400,
    meaning: 'A signed PUT without a body: the signature of an introspection, used for a sync.',
  },
  sync_url_mismatch: {
    phase: 'agreement',
    status: 403,
    meaning:
      'The body of a PUT has no `url`, or one with another path than the route, or with an authority that is not in `host`, `serveOrigin` or `syncAuthorities`: a sync made for another app. On a route with `legacyServer`, also a PUT with the body of a function call.',
  },
  run_id_missing: {
    phase: 'agreement',
    status: 401,
    meaning:
      'The signed body of a POST is not that of a function call: it is not strict JSON, or has no `ctx.run_id`. Durable endpoints make Inngest sign what an end user wrote.',
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
      '`X-Inngest-Job-ID`, `X-Inngest-Generation-ID` or `X-Inngest-Req-Version` has no member in the signed body that it could agree with.',
  },
  function_id_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`fnId`, which is not signed, is not the one that earlier calls with the same signed `ctx.fn_id` had. The log line has both (`fn_id`, `expected_fn_id`): one of them was changed on the way, or the app renamed the function.',
  },
  timestamp_too_old: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature is older than `freshness.maxAge`.',
  },
  timestamp_in_future: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature is further ahead than `freshness.clockTolerance`.',
  },
  timestamp_before_start: {
    phase: 'replay',
    status: 503,
    meaning:
      'Signed before the replay cache began to remember: before the gateway started or, with Redis, before the server did or claims were first kept in it. Inngest signs a retry anew.',
  },
  replay_undecidable: {
    phase: 'replay',
    status: 401,
    meaning:
      'The signature is older than `freshness.maxAge` and `freshness.clockTolerance` together, for which its use is remembered, and the route does not enforce freshness: it may have been used before.',
  },
  replayed: {
    phase: 'replay',
    status: 409,
    meaning: 'This signature has been used already.',
  },
  replay_cache_full: {
    phase: 'replay',
    status: 503,
    meaning: 'The replay cache is full; a live claim is never forgotten to make room.',
  },
} as const satisfies Record<string, ReasonRow>

export type Reason = keyof typeof reasons
