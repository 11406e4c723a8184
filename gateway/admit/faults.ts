/** Faults: something broke. Unlike refusals (verdict.ts) they are thrown. Their source decides the status. */

interface FaultRow {
  readonly source: 'upstream' | 'downstream' | 'internal'
  /** Undefined if no client is left to respond to. */
  readonly status: number | undefined
  /** One sentence for the operator. */
  readonly meaning: string
  /** What the operator does about it; never sent. */
  readonly remedy: string
  /** Sent in place of the meaning, where the meaning mentions the configuration. */
  readonly message?: string
}

export const faults = {
  upstream_connect: {
    source: 'upstream',
    status: 502,
    meaning: 'The connection to the app failed.',
    remedy:
      'Check that the app runs, that it listens on the address in `routes[].upstream`, and that a firewall or network policy lets the gateway connect. For `https`, `err` in the log names a problem with the certificate.',
  },
  upstream_reset: {
    source: 'upstream',
    status: 502,
    meaning: 'The app closed the connection before its response was complete.',
    remedy:
      'Look into the log of the app: it crashed, was stopped, or closed a kept connection. For the last, set `upstream.keepAliveTimeout` to less than the keep-alive timeout of the app.',
  },
  upstream_protocol: {
    source: 'upstream',
    status: 502,
    meaning: 'What the app sent is not an HTTP/1.1 response.',
    remedy:
      'Check that `routes[].upstream` is the port of the app, and whether it needs `https://`. The app must speak HTTP/1.1.',
  },
  upstream_headers_too_large: {
    source: 'upstream',
    status: 502,
    meaning: 'The headers of the response are larger than `upstream.maxResponseHeaderSize`.',
    remedy:
      'Make the app send fewer or smaller headers (often cookies), or raise `upstream.maxResponseHeaderSize`.',
    message: 'The headers of the response are too large.',
  },
  upstream_header_malformed: {
    source: 'upstream',
    status: 502,
    meaning: 'The response of the app has a malformed header.',
    remedy: 'Read `err` in the log, and fix the header in the app or its framework.',
  },
  upstream_framing_ambiguous: {
    source: 'upstream',
    status: 502,
    meaning:
      'The response of the app does not say clearly where its body ends: two lengths, a length and a transfer coding, or an unknown coding.',
    remedy:
      'Fix the app or its framework: a response has one `Content-Length` or one `Transfer-Encoding: chunked`.',
  },
  upstream_body_malformed: {
    source: 'upstream',
    status: 502,
    meaning: 'The chunked body of the response is malformed.',
    remedy: 'Fix the app, or the proxy between the gateway and the app, that writes the chunks.',
  },
  upstream_too_many_interim: {
    source: 'upstream',
    status: 502,
    meaning: 'The app sent more than 16 interim (1xx) responses.',
    remedy: 'Fix the app: it repeats `100`, `102` or `103` responses.',
  },
  upstream_upgrade_unexpected: {
    source: 'upstream',
    status: 502,
    meaning: 'The app switched to another protocol, which the request did not ask for.',
    remedy: 'Fix the app: it may send 101 only to a request with `Upgrade`.',
  },
  upstream_redirect: {
    source: 'upstream',
    status: 502,
    meaning:
      'The app responded to a function call with a redirect that would turn the call into a GET and lose it.',
    remedy:
      'Make the app respond to POST itself, or redirect with 307 or 308. Often the framework adds or removes a final slash, or redirects to `https`: set the URL of the app in Inngest to the target.',
  },
  upstream_timeout: {
    source: 'upstream',
    status: 504,
    meaning:
      'The app did not respond in time (`upstream.connectTimeout`, `upstream.responseTimeout`).',
    remedy:
      'Check whether the app hangs. If a step may take that long, raise `upstream.responseTimeout`.',
    message: 'The app did not respond in time.',
  },
  downstream_closed: {
    source: 'downstream',
    status: undefined,
    meaning: 'The client disconnected.',
    remedy:
      'Do nothing for single ones. If it happens often, raise the timeout of the proxy in front above the time that a step takes (up to 2 h).',
  },
  downstream_stalled: {
    source: 'downstream',
    status: undefined,
    meaning: 'The client read none of the response for `limits.responseStallTimeout`.',
    remedy:
      'Find out why the client or the proxy in front stops reading. If such pauses are normal, raise `limits.responseStallTimeout`.',
  },
  downstream_idle: {
    source: 'downstream',
    status: 408,
    meaning: 'The client sent no byte of a streamed body for `limits.bodyIdleTimeout`.',
    remedy:
      'Find out what interrupts the upload. If such pauses are normal, raise `limits.bodyIdleTimeout`.',
    message: 'Timed out waiting for the request body.',
  },
  downstream_too_large: {
    source: 'downstream',
    status: 413,
    meaning:
      'The body that a user streamed in chunks is longer than the `maxBodySize` of the durable route.',
    remedy: 'If bodies of this size are normal, raise `maxBodySize` of the durable route.',
    message: 'The body is too large.',
  },
  downstream_invalid: {
    source: 'downstream',
    status: 400,
    meaning: 'The body that the client streamed is not valid HTTP.',
    remedy:
      'Do nothing if the client is unknown. Otherwise fix the client or proxy that writes the chunks.',
  },
  replay_store_unavailable: {
    source: 'internal',
    status: 503,
    meaning: 'The replay store is unavailable, so the gateway could not check for a replay.',
    remedy:
      'Do nothing for single ones: Inngest retries. Otherwise read why in the log (`replay store unavailable`), and check that the gateway reaches `replay.url` within `replay.timeout`.',
    message: 'The gateway could not check for a replay.',
  },
  internal: {
    source: 'internal',
    status: 500,
    meaning: 'Internal error of the gateway.',
    remedy:
      'Find the log line: `err` has the stack. Report it with the stack. Inngest retries the request.',
  },
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof faults

/** The text that the sender gets. */
export function messageFor(code: FaultCode): string {
  const row: FaultRow = faults[code]
  return row.message ?? row.meaning
}

export class GatewayFault extends Error {
  readonly code: FaultCode
  /** True if certainly no byte of the request reached the app. */
  readonly isUnsent: boolean

  constructor(code: FaultCode, cause?: unknown, isUnsent = false) {
    super(faults[code].meaning, { cause })
    this.name = 'GatewayFault'
    this.code = code
    this.isUnsent = isUnsent
  }
}

/** Converts any thrown value to a fault. An unexpected one becomes `internal`. */
export function toFault(thrown: unknown): GatewayFault {
  return thrown instanceof GatewayFault ? thrown : new GatewayFault('internal', thrown)
}
