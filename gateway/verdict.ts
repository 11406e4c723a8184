/**
 * The outcome of a check, and the one table of reasons. A refusal is expected, frequent and driven
 * by the sender, so it is a value; something that broke is a fault (errors.ts) and is thrown.
 */

/** Where in the life of a request a reason belongs, in the order of the checks. */
export const phases = [
  'route',
  'client',
  'allowlist',
  'credentials',
  'body',
  'signature',
  'freshness',
  'replay',
] as const

export type Phase = (typeof phases)[number]

interface ReasonRow {
  readonly phase: Phase
  /** The status the sender sees; a PUT may see another (http/responder.ts). */
  readonly status: number
  /** One sentence for the operator; never sent. */
  readonly meaning: string
}

/** Every way to be refused. A new reason is one row here; nothing else enumerates them. */
export const reasons = {
  request_malformed: {
    phase: 'route',
    status: 400,
    meaning: 'The request target is not a plain path, or `Host` is not there exactly once.',
  },
  route_not_found: {
    phase: 'route',
    status: 404,
    meaning: 'No route has this host and exactly this path.',
  },
  method_not_allowed: {
    phase: 'route',
    status: 405,
    meaning: 'Inngest uses GET, POST and PUT only.',
  },
  body_not_allowed: {
    phase: 'route',
    status: 400,
    meaning: 'A GET with a body: a redirect turned a function call into a GET.',
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
  body_too_large: {
    phase: 'body',
    status: 413,
    meaning: 'The body is longer than `limits.maxBodyBytes`.',
  },
  body_timeout: {
    phase: 'body',
    status: 408,
    meaning: 'The whole body did not arrive within `limits.bodyTimeoutMs`.',
  },
  signature_mismatch: {
    phase: 'signature',
    status: 401,
    meaning: 'No signing key of the route makes this signature over this body.',
  },
  timestamp_too_old: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature is older than `freshness.maxAgeSeconds`.',
  },
  timestamp_too_new: {
    phase: 'freshness',
    status: 401,
    meaning: 'The signature is further ahead than `freshness.clockToleranceSeconds`.',
  },
  timestamp_before_start: {
    phase: 'replay',
    status: 503,
    meaning:
      'Signed before the in-memory replay cache began to remember; Inngest signs a retry anew.',
  },
  target_ambiguous: {
    phase: 'replay',
    status: 400,
    meaning: '`fnId` or `stepId` stands in the query more than once.',
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

export interface Passed<T> {
  readonly ok: true
  readonly value: T
}

export interface Refused {
  readonly ok: false
  readonly reason: Reason
}

export type Verdict<T> = Passed<T> | Refused

export function pass<T>(value: T): Passed<T> {
  return { ok: true, value }
}

export function refuse(reason: Reason): Refused {
  return { ok: false, reason }
}
