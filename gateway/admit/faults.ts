/**
 * Faults: something broke. They are thrown, unlike refusals (verdict.ts), and carry whose fault it
 * is, from which the status follows.
 */

interface FaultRow {
  readonly source: 'upstream' | 'downstream' | 'internal'
  /** Undefined where nobody is left to answer. */
  readonly status: number | undefined
  /** One sentence for the operator. */
  readonly meaning: string
  /** What the sender is told instead, where the meaning speaks of the configuration. */
  readonly message?: string
}

export const faults = {
  upstream_connect: {
    source: 'upstream',
    status: 502,
    meaning: 'The connection to the app failed.',
  },
  upstream_reset: {
    source: 'upstream',
    status: 502,
    meaning: 'The app closed the connection before its response was complete.',
  },
  upstream_protocol: {
    source: 'upstream',
    status: 502,
    meaning: 'What the app sent is not an HTTP/1.1 response.',
  },
  upstream_headers_too_large: {
    source: 'upstream',
    status: 502,
    meaning: 'The headers of the response are larger than `upstream.maxResponseHeaderSize`.',
    message: 'The headers of the response are too large.',
  },
  upstream_header_malformed: {
    source: 'upstream',
    status: 502,
    meaning: 'The response of the app has a malformed header.',
  },
  upstream_framing_ambiguous: {
    source: 'upstream',
    status: 502,
    meaning:
      'The response of the app does not say clearly where its body ends: two lengths, a length and a transfer coding, or an unknown coding.',
  },
  upstream_body_malformed: {
    source: 'upstream',
    status: 502,
    meaning: 'The chunked body of the response is malformed.',
  },
  upstream_too_many_interim: {
    source: 'upstream',
    status: 502,
    meaning: 'The app sent more than 16 interim (1xx) responses.',
  },
  upstream_upgrade_unexpected: {
    source: 'upstream',
    status: 502,
    meaning: 'The app switched to another protocol, which the request did not ask for.',
  },
  upstream_redirect: {
    source: 'upstream',
    status: 502,
    meaning:
      'The app responded to a function call with a redirect that would turn the call into a GET and lose it.',
  },
  upstream_timeout: {
    source: 'upstream',
    status: 504,
    meaning:
      'The app did not respond in time (`upstream.connectTimeout`, `upstream.responseTimeout`).',
    message: 'The app did not respond in time.',
  },
  downstream_closed: {
    source: 'downstream',
    status: undefined,
    meaning: 'The client disconnected.',
  },
  downstream_stalled: {
    source: 'downstream',
    status: undefined,
    meaning: 'The client read none of the response for `limits.responseStallTimeout`.',
  },
  downstream_idle: {
    source: 'downstream',
    status: 408,
    meaning: 'The client sent no byte of a streamed body for `limits.bodyIdleTimeout`.',
    message: 'Timed out waiting for the request body.',
  },
  downstream_too_large: {
    source: 'downstream',
    status: 413,
    meaning:
      'The body that a user streamed in chunks is longer than the `maxBodySize` of the durable route.',
    message: 'The body is too large.',
  },
  downstream_invalid: {
    source: 'downstream',
    status: 400,
    meaning: 'The body that the client streamed is not valid HTTP.',
  },
  replay_store_unavailable: {
    source: 'internal',
    status: 503,
    meaning: 'The replay store is unavailable, so the gateway could not check for a replay.',
    message: 'The gateway could not check for a replay.',
  },
  internal: {
    source: 'internal',
    status: 500,
    meaning: 'Internal error of the gateway.',
  },
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof faults

/** What the sender is told. */
export function messageFor(code: FaultCode): string {
  const row: FaultRow = faults[code]
  return row.message ?? row.meaning
}

export class GatewayFault extends Error {
  readonly code: FaultCode
  /** It is certain that no byte of the request reached the app. */
  readonly isUnsent: boolean

  constructor(code: FaultCode, cause?: unknown, isUnsent = false) {
    super(faults[code].meaning, { cause })
    this.name = 'GatewayFault'
    this.code = code
    this.isUnsent = isUnsent
  }
}

/** Whatever was thrown, as a fault: what nobody foresaw is `internal`. */
export function toFault(thrown: unknown): GatewayFault {
  return thrown instanceof GatewayFault ? thrown : new GatewayFault('internal', thrown)
}
