/* eslint-disable max-lines -- One flat table, in which nothing branches. */
/**
 * The one table of reasons to refuse. A new reason is one row here; every other mention is type-checked
 * against it.
 */

/** The phases in which a reason can occur, in the order of the checks. */
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
  'limits',
] as const

export type Phase = (typeof phases)[number]

interface ReasonRow {
  readonly phase: Phase
  /**
   * The status that the sender gets (a PUT may get another, exchange/error-response.ts); undefined if the
   * connection is closed without a response.
   */
  readonly status: number | undefined
  /** One sentence for the operator; never sent. */
  readonly meaning: string
  /** What the operator should do; never sent. */
  readonly remedy: string
}

export const reasons = {
  connections_full: {
    phase: 'connection',
    status: 503,
    meaning: 'The number of open connections has reached `limits.maxConnections`.',
    remedy:
      "If Inngest's connections are among them, raise `limits.maxConnections` or add replicas. Block unknown clients (`remote_ip` in the log) in front of the gateway.",
  },
  address_connections_full: {
    phase: 'connection',
    status: 429,
    meaning:
      'The number of open connections from this address has reached `limits.maxConnectionsPerAddress`.',
    remedy:
      'If the address is a proxy of yours, list it in `trustedProxies`: the limit does not apply to it. Otherwise raise `limits.maxConnectionsPerAddress`, or block the address in front of the gateway.',
  },
  proxy_header_invalid: {
    phase: 'connection',
    status: undefined,
    meaning: 'A trusted proxy did not send a valid PROXY protocol header in time.',
    remedy:
      'Make the proxy send the PROXY protocol (HAProxy: `send-proxy-v2`), or set `listen.proxyProtocol: false`. Send health checks to the `ops` listener.',
  },
  proxy_header_unexpected: {
    phase: 'connection',
    status: 400,
    meaning:
      'A PROXY protocol header arrived from an address outside `trustedProxies`, or while `listen.proxyProtocol` is off.',
    remedy:
      'If `remote_ip` is a proxy of yours, list it in `trustedProxies` and set `listen.proxyProtocol: true`. Otherwise do nothing: a client tried to choose its address.',
  },
  tls_failed: {
    phase: 'connection',
    status: undefined,
    meaning: 'The TLS handshake failed: no TLS, an old version, or no acceptable certificate.',
    remedy:
      'Test the port with `openssl s_client -connect HOST:PORT`. Make the client use `https://` and at least `listen.tls.minVersion`. With `listen.tls.clientCaFile`, the client needs a certificate that one of these CAs signed.',
  },
  headers_timeout: {
    phase: 'connection',
    status: 408,
    meaning: 'The request headers did not arrive completely within `limits.headersTimeout`.',
    remedy:
      'Do nothing if the client is unknown: it opened a connection and sent too little. If it is a proxy of yours, find out what delays it, or raise `limits.headersTimeout`.',
  },
  headers_too_large: {
    phase: 'connection',
    status: 431,
    meaning: 'The request headers are longer than `limits.maxHeaderSize`.',
    remedy:
      'Find out which client or proxy adds the headers (often cookies). Remove them there, or raise `limits.maxHeaderSize` and restart.',
  },
  request_unparsable: {
    phase: 'connection',
    status: 400,
    meaning: 'The request is not valid HTTP/1.0 or HTTP/1.1.',
    remedy:
      'Do nothing if the client is unknown. If it is a proxy of yours, make it speak plain HTTP/1.1 to this port: not TLS, not HTTP/2, and no PROXY protocol header that the gateway does not expect.',
  },
  authorization_request_unclear: {
    phase: 'head',
    status: 400,
    meaning:
      'The authorization request does not identify the original request as `externalAuth.protocol` expects, or does so in both forms.',
    remedy:
      'Set `externalAuth.protocol` to what the proxy sends: `ext_authz` for Envoy, `forward_auth` for Traefik. Let no other client reach this listener.',
  },
  headers_too_many: {
    phase: 'head',
    status: 431,
    meaning: 'The request has more than `limits.maxHeaderCount` headers.',
    remedy:
      'Find out which client or proxy adds the headers. Remove them there, or raise `limits.maxHeaderCount`.',
  },
  framing_ambiguous: {
    phase: 'head',
    status: 400,
    meaning:
      'The headers do not say clearly where the body ends: two lengths, a length and chunks, or an unknown coding.',
    remedy:
      'If the client is unknown, treat it as an attempt at request smuggling. Otherwise find the proxy that adds or changes `Content-Length` or `Transfer-Encoding`, and fix it there.',
  },
  header_duplicated: {
    phase: 'head',
    status: 400,
    meaning: 'A header that must occur once (`X-Run-ID`, any `X-Inngest-*`) occurs more than once.',
    remedy:
      'Find the proxy that adds the header a second time, and make it set the header once or not at all. If no proxy does, the client forged it.',
  },
  header_malformed: {
    phase: 'head',
    status: 400,
    meaning: 'A header that the checks read contains bytes outside visible ASCII.',
    remedy: 'Find the client or proxy that writes the header, and make it send visible ASCII only.',
  },
  expectation_unknown: {
    phase: 'head',
    status: 417,
    meaning: '`Expect` is something other than `100-continue`.',
    remedy: 'Make the client send `Expect: 100-continue` or no `Expect`.',
  },
  request_malformed: {
    phase: 'route',
    status: 400,
    meaning: 'The request target is not a plain path, or `Host` is not one plain host.',
    remedy:
      'Make the client or proxy send a plain path such as `/api/inngest` as the request target, and one `Host`.',
  },
  route_not_found: {
    phase: 'route',
    status: 404,
    meaning: 'No route has this host and path.',
    remedy:
      'Compare `host` and `path` of the log line with the routes: `path` must be equal, byte for byte. Then correct the URL of the app in Inngest, the path that a proxy rewrites, or the route.',
  },
  host_not_served: {
    phase: 'route',
    status: 404,
    meaning:
      'The forwarding proxy would send a `Host` other than the route’s `serveOrigin`. (Inline, the gateway rewrites `Host`.)',
    remedy: 'Make the proxy send the host of `serveOrigin` as `Host`, or correct `serveOrigin`.',
  },
  path_ambiguous: {
    phase: 'route',
    status: 404,
    meaning:
      'The app could treat this path as the path of an Inngest route, of a durable route or of a route with an `allowlist`: after ignoring letter case, accents and invisible characters, the path is another spelling of that path or begins with it. Or the path has `..`, by which the app could leave the path of the route.',
    remedy:
      'If the app really serves this path, add a passthrough route for exactly this path. Otherwise do nothing.',
  },
  host_ambiguous: {
    phase: 'route',
    status: 404,
    meaning:
      'The app could read the host of a stricter route from this request: `Host` has the same name and differs only in the port or final dots, or the target begins with `//` and that name.',
    remedy:
      'Add a route with this host and port, or make the proxy send the host of the route. Remove `//` and the host from the target.',
  },
  durable_inline_only: {
    phase: 'route',
    status: 404,
    meaning:
      'External authorization was requested for a durable route. Only a gateway that forwards the request itself can pin `Host` and bound what users send.',
    remedy:
      'Put the gateway inline for durable endpoints: the proxy must forward their paths to it.',
  },
  method_not_allowed: {
    phase: 'route',
    status: 405,
    meaning: 'Inngest uses GET, POST and PUT only, and GET only if `introspection` is on.',
    remedy:
      'Do nothing if it is a browser or a scanner. For signed GET requests set `introspection: true`. If the app serves other methods on other paths, add a passthrough route.',
  },
  upgrade_not_allowed: {
    phase: 'route',
    status: 400,
    meaning:
      'An `Upgrade` that is not a WebSocket without a body on a passthrough route, or from a user on a durable route.',
    remedy: 'Serve WebSockets on a passthrough route, or remove `Upgrade` in the client or proxy.',
  },
  body_not_allowed: {
    phase: 'route',
    status: 400,
    meaning: 'A GET has a body; usually a redirect turned a function call into a GET.',
    remedy:
      'Find the proxy that redirects the call with 301, 302 or 303, often from `http` to `https`. Give Inngest the final URL of the app.',
  },
  content_encoding_not_allowed: {
    phase: 'route',
    status: 415,
    meaning:
      'The body is compressed. Inngest never compresses a body, and the gateway cannot verify a body that it does not decode.',
    remedy:
      'Turn off compression of request bodies in the client or proxy that adds `Content-Encoding`.',
  },
  client_unidentified: {
    phase: 'client',
    status: 403,
    meaning: 'A trusted proxy sent no parseable client address.',
    remedy:
      "Make the proxy append the client's address to `X-Forwarded-For`, or send the PROXY protocol. Send health checks of the proxy to the `ops` listener.",
  },
  client_not_allowed: {
    phase: 'allowlist',
    status: 403,
    meaning: 'The client address is in no allowed range.',
    remedy:
      'Look at `client_ip` in the log. If it is a load balancer or proxy of yours, list its range in `trustedProxies`. If Inngest sent the request, check the address with `inngest-gateway ips --check ADDRESS`. If the client is your own, add its range to `allowlist`.',
  },
  signature_missing: {
    phase: 'credentials',
    status: 401,
    meaning: 'The request has no `X-Inngest-Signature` header.',
    remedy:
      'If Inngest sent the request, find the proxy that removes `X-Inngest-Signature`, or set the signing key of a self-hosted server. Otherwise do nothing: the client is not Inngest.',
  },
  signature_malformed: {
    phase: 'credentials',
    status: 401,
    meaning:
      '`X-Inngest-Signature` is not exactly one `t=<10 digits>&s=<64 lowercase hex digits>`.',
    remedy:
      'Read `diagnosis` in the log: it names how the header was changed. Fix the proxy that changed it. If no proxy did, the client forged it.',
  },
  reentry_run_id_missing: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A request to a durable route has a header of Inngest but no `X-Run-ID`. Inngest sends one with each re-entry; a user’s request has no header of Inngest at all.',
    remedy:
      'If Inngest sent the request, find the proxy that removes `X-Run-ID`. Otherwise do nothing: the client is not Inngest.',
  },
  introspection_unsigned: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A GET without a signature, from any address; usually a health check, browser or scanner.',
    remedy:
      'Do nothing if it is a browser or a scanner. Send health checks to the `ops` listener. For the dashboard of a self-hosted Inngest set `unsignedGet: { allowFrom: […] }`.',
  },
  sync_unsigned: {
    phase: 'credentials',
    status: 401,
    meaning:
      'A PUT without a signature, from any address; usually CI that syncs with `curl -X PUT`, or the dashboard of a self-hosted Inngest (`unsignedPut`). Also from an address in `unsignedPut` if the body is chunked or longer than 4096 bytes.',
    remedy:
      'For CI or the dashboard of a self-hosted Inngest set `unsignedPut: { allowFrom: […] }`, and send a body with a length of at most 4096 bytes or none. Otherwise do nothing.',
  },
  header_not_removable: {
    phase: 'credentials',
    status: 400,
    meaning:
      'The request carries a header that the gateway would strip inline but cannot strip in external-authorization mode (aliases, method overrides, `Forwarded`, Inngest headers of unverified requests).',
    remedy:
      'Make the proxy remove the header before it sends the authorization request (Traefik: a `headers` middleware before `forwardAuth`).',
  },
  requests_full: {
    phase: 'capacity',
    status: 503,
    meaning: 'The number of requests in flight has reached `limits.maxRequestsInFlight`.',
    remedy:
      'Find out whether the app responds too slowly (`upstream_duration_ms`). Then raise `limits.maxRequestsInFlight`, or add replicas.',
  },
  route_requests_full: {
    phase: 'capacity',
    status: 503,
    meaning:
      'The number of requests of users in flight on this durable route has reached its `maxRequestsInFlight`.',
    remedy:
      'Find out whether the endpoint responds too slowly, or which client sends so much (`client_ip`). Then raise `maxRequestsInFlight` of the route.',
  },
  buffer_full: {
    phase: 'capacity',
    status: 503,
    meaning: 'The bodies held in memory would exceed `limits.maxBufferedSize`.',
    remedy: 'Raise `limits.maxBufferedSize` if the machine has the memory, or add replicas.',
  },
  body_too_large: {
    phase: 'body',
    status: 413,
    meaning:
      'The body is longer than `limits.maxBodySize`, or that of a user than the `maxBodySize` of the durable route.',
    remedy:
      "If Inngest sent the body, raise `limits.maxBodySize`. Inngest's largest request is 4 MiB.",
  },
  body_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'The whole body did not arrive within `limits.bodyTimeout`.',
    remedy:
      'If a proxy is in front, make it buffer request bodies, or find out why it is slow. Otherwise raise `limits.bodyTimeout`.',
  },
  body_idle_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'No byte of the body arrived for `limits.bodyIdleTimeout`.',
    remedy:
      'Find out what interrupts the body between the client and the gateway. If the pauses are normal, raise `limits.bodyIdleTimeout`.',
  },
  body_too_slow: {
    phase: 'body',
    status: 408,
    meaning: 'The body arrived slower than `limits.minBodyRate`.',
    remedy:
      'If a proxy is in front, make it buffer request bodies. If slow clients are normal, lower `limits.minBodyRate`.',
  },
  body_missing: {
    phase: 'body',
    status: 400,
    meaning:
      'The authorization request has no body, or not all of it, so the signature cannot be verified. nginx `auth_request` never sends the body, and Inngest sends no POST without a body.',
    remedy:
      'Make the proxy send the whole body with its authorization request: `with_request_body` in Envoy, `forwardBody` in Traefik. With nginx `auth_request` or Caddy `forward_auth`, put the gateway inline.',
  },
  sync_body_unexpected: {
    phase: 'body',
    status: 400,
    meaning:
      'A PUT that needs no signature (`unsignedPut`) has a body that is not `{"url": …}` with `Content-Type: application/json`.',
    remedy:
      'Sync without a body (`curl -X PUT URL`), or with `{"url": …}` and `Content-Type: application/json`.',
  },
  canonicalization_full: {
    phase: 'signature',
    status: 503,
    meaning:
      'Too many long bodies whose signature does not match the bytes as received are queued for canonicalization.',
    remedy:
      'Read `diagnosis` of other requests: if a proxy re-encodes bodies (`healed`), make it forward them unchanged. If allowed clients send forged bodies, remove them from `allowlist`.',
  },
  signature_mismatch: {
    phase: 'signature',
    status: 401,
    meaning: 'The signature of this body matches no signing key of the route.',
    remedy:
      'Read `diagnosis` in the log. `other_key`, `key_prefix` or `other_environment`: configure the signing key of the environment that called. `truncated`, `extended` or `reencoded`: find the proxy that changes bodies.',
  },
  introspection_mismatch: {
    phase: 'signature',
    status: 401,
    meaning:
      'The signature of a GET matches no signing key of the route; Inngest Cloud also tries the keys of its other environments.',
    remedy:
      'Do nothing if function calls are admitted. Otherwise compare the signing key with the key of the environment in Inngest.',
  },
  target_ambiguous: {
    phase: 'agreement',
    status: 400,
    meaning:
      '`fnId`, `stepId` or `probe` is in the query more than once, or under another spelling that some frameworks accept (`fnId[]`, `FNID`). Or a request with `probe` is a function call: it has `fnId`, `stepId` or the body of one.',
    remedy:
      'Find the proxy that rewrites or repeats the query, and fix it there. If no proxy does, the client forged the request.',
  },
  call_body_missing: {
    phase: 'agreement',
    status: 400,
    meaning:
      'A signed POST has no body and is not a trust probe: the signature of an introspection was used for a function call.',
    remedy:
      'Find the proxy that drops the body. If no proxy does, an attacker used a captured signature.',
  },
  sync_body_missing: {
    phase: 'agreement',
    status: 400,
    meaning: 'A signed PUT has no body: the signature of an introspection was used for a sync.',
    remedy:
      'If a server of yours syncs so, set `checks.syncBody: report`, which is the default. Otherwise an attacker used a captured signature.',
  },
  sync_url_mismatch: {
    phase: 'agreement',
    status: 403,
    meaning:
      'The `url` in the body of a sync (PUT) does not name this route: there is no `url`, its path is not that of the route, or its host and port are not in `host`, `serveOrigin` or `syncAuthorities`. The sync was made for another app. On a route with `legacyServer` also: a PUT has the body of a function call.',
    remedy:
      'If the `url` is right, set `serveOrigin` or `path` of the route to match, or list the further host in `syncAuthorities`. Otherwise correct the URL that the app registers.',
  },
  app_not_served: {
    phase: 'agreement',
    status: 403,
    meaning:
      'A function call is for an app that is not in `apps` of the route: its `fnId` belongs to another configured app, to none, or is missing. The signature is valid, since every app of an environment has the same signing key.',
    remedy:
      'Compare `fn_id` in the log with `apps`. If the app belongs to this route, add its id. If its SDK sends no id of the app, add the id of each function. Otherwise correct the URL of the app in Inngest, or find out who captured the call.',
  },
  run_id_missing: {
    phase: 'agreement',
    status: 401,
    meaning:
      'The signed body of a POST is not a function call: the body is not strict JSON, or has no `ctx.run_id`. Durable endpoints make Inngest sign bodies that end users wrote.',
    remedy:
      'If the caller is a durable endpoint, do not put it on an Inngest route. Otherwise an attacker probably used a captured signature.',
  },
  run_id_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning: '`X-Run-ID`, which is not signed, contradicts the signed `ctx.run_id`.',
    remedy:
      'Find the proxy that writes or caches `X-Run-ID`. If no proxy does, an attacker combined a captured signature with another header.',
  },
  call_ids_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`X-Inngest-Job-ID`, `X-Inngest-Generation-ID` or `X-Inngest-Req-Version` contradicts the signed body, or `X-Inngest-Step-ID` contradicts `stepId`.',
    remedy:
      "Find the proxy that changes the header or the query. If your server sends such calls regularly, set `checks.callIds: report` and report the server's version.",
  },
  call_ids_unsigned: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`X-Inngest-Job-ID`, `X-Inngest-Generation-ID` or `X-Inngest-Req-Version` has no counterpart in the signed body to compare with.',
    remedy:
      "Find out which client adds the header. If your server sends such calls regularly, set `checks.callIds: report` and report the server's version.",
  },
  function_id_mismatch: {
    phase: 'agreement',
    status: 401,
    meaning:
      '`fnId`, which is not signed, differs from the `fnId` of earlier function calls with the same signed `ctx.fn_id`. The log line has both (`fn_id`, `expected_fn_id`): `fnId` was changed in transit, or the app renamed the function.',
    remedy:
      'If the app renamed the function, set `checks.functionId: report` until the pair is forgotten (8 days). Otherwise find out where captured calls can be changed in transit.',
  },
  payload_not_encrypted: {
    phase: 'agreement',
    status: 403,
    meaning:
      'The route requires encryption (`encryption: require`), and the signed function call has the configured event field or the result of a step in plain, or cannot be read.',
    remedy:
      'Read `encryption` in the log. `plain_step` or `plain_event`: add the encryption middleware to the app, or to the client that sends the event, with the same `eventEncryptionField`. Results of `step.fetch` and signals need `encryptionMiddleware.plainSteps`, other encryption services `encryptionMiddleware.strategies`.',
  },
  timestamp_too_old: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature is older than `freshness.maxAge`.',
    remedy:
      'Compare the clock of this machine (`timedatectl`). If it is right, find the proxy that holds requests back. A single one may be a replay of a captured request.',
  },
  timestamp_in_future: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature time is further in the future than `freshness.clockTolerance`.',
    remedy: 'Compare the clock of this machine (`timedatectl`), and that of a self-hosted Inngest.',
  },
  timestamp_before_start: {
    phase: 'replay',
    status: 503,
    meaning:
      'The signature is older than the replay cache: made before the gateway started or, with Redis, before Redis started or first stored a claim. Inngest re-signs each retry.',
    remedy:
      'Do nothing for a second after a start: Inngest retries. If it continues, find out what restarts: the gateway, or the Redis or Valkey behind it. Or the clock of this machine is ahead.',
  },
  replay_undecidable: {
    phase: 'replay',
    status: 401,
    meaning:
      'The signature is older than `freshness.maxAge` plus `freshness.clockTolerance`, the time for which a claim is kept, and the route does not enforce freshness: the signature may be a replay.',
    remedy: 'Set `checks.freshness: enforce` as soon as the rollout is over.',
  },
  replayed: {
    phase: 'replay',
    status: 409,
    meaning: 'This signature was already claimed by an earlier request.',
    remedy:
      'Read `diagnosis`: `no_dispatch_id` means a server older than 1.13.5, for which `legacyServer: true` exists. The same address within seconds: turn off retries of POST in the proxy (nginx: `proxy_next_upstream off`). Otherwise an attacker has captured a request: find out where, and rotate the signing key.',
  },
  claim_kind_mismatch: {
    phase: 'replay',
    status: 409,
    meaning:
      'This signature was already claimed by a request of another kind: by a function call or sync, and now used for the re-entry of a durable endpoint or a trust probe, or the other way round.',
    remedy:
      'Give durable endpoints a signing key of their own (`requireOwnKeys`). If they have one, an attacker sends captured signatures: find out where, and rotate the signing key.',
  },
  claims_too_many: {
    phase: 'replay',
    status: 503,
    meaning:
      '1,000 requests with this signature were already admitted, with different ids. Inngest signs alike only what it sends within one second with the same body, so usually a captured re-entry was sent with changed ids. Inngest re-signs each retry.',
    remedy:
      'Find out which client sends captured re-entries with changed ids (`client_ip`), and rotate the signing key.',
  },
  replay_cache_full: {
    phase: 'replay',
    status: 503,
    meaning:
      'The replay cache is full (`replay.maxEntries`); a live claim is never evicted to make room.',
    remedy:
      'Raise `replay.maxEntries` and restart, lower `freshness.maxAge`, or share a Redis or Valkey.',
  },
  app_requests_full: {
    phase: 'limits',
    status: 429,
    meaning:
      'As many function calls were in flight as `routes[].limits.maxRequestsInFlight` allows, and none ended in time: the call waited for `routes[].limits.maxWait`.',
    remedy:
      'If the app can take more, raise `routes[].limits.maxRequestsInFlight`. Otherwise lower the concurrency of the functions in Inngest to what the app can take, or raise `routes[].limits.maxWait`.',
  },
  app_rate_exceeded: {
    phase: 'limits',
    status: 429,
    meaning:
      'Function calls came faster than `routes[].limits.rate` allows: the call waited for `routes[].limits.maxWait`.',
    remedy:
      'If the app can take more, raise `routes[].limits.rate`. Otherwise throttle the functions in Inngest, or raise `routes[].limits.maxWait`.',
  },
  app_queue_full: {
    phase: 'limits',
    status: 429,
    meaning:
      'The function call had to wait for `limits` of the route, and too many others wait: they may take half of `limits.maxRequestsInFlight` and half of `limits.maxBufferedSize`. Also for a call that would have to wait while the gateway stops.',
    remedy:
      'Find out whether the app responds too slowly (`upstream_duration_ms`). Otherwise raise `routes[].limits`, or these two.',
  },
} as const satisfies Record<string, ReasonRow>

export type Reason = keyof typeof reasons
