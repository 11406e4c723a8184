/**
 * Why no key of the route makes the signature. This is for the operator's log and metric, never for the sender.
 * It must run after the refusal has been sent, so that the time it takes reveals nothing to the sender. A kind
 * that names the signer or the signed bytes was confirmed by a MAC; `truncated`, `other_environment` and
 * `unknown` are judged by the form of the body.
 */
import type { Credentials } from '../inngest/signature-header.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import { Attempts, itselfIfSame, maxExaminedBytes } from './attempts.ts'
import type { DiagnosisBudget } from './budget.ts'
import { findJsonEnd, type JsonEnd } from './json-end.ts'
import { findReencoding } from './reencoding.ts'

/** One sentence for the operator; never sent. */
export const mismatches = {
  other_key: 'Signed with the signing key of another route: the app URL or the route is wrong.',
  key_prefix:
    'Signed with the key including its `signkey-…-` prefix: configure the self-hosted server with the bare key.',
  truncated: 'The JSON is incomplete: a proxy truncates bodies.',
  extended: 'The signature matches only the beginning of the body: a proxy appends to bodies.',
  reencoded: 'A proxy re-encodes bodies in a way that the canonical form does not undo.',
  other_environment:
    'The body looks like one that Inngest sent: signed with the key of another environment or app, or forged.',
  unknown: 'The body was altered in an unrecognized way, or the signature is forged.',
  not_diagnosed: 'Not diagnosed: body too large, or the diagnosis budget is exhausted.',
} as const satisfies Record<string, string>

export type MismatchKind = keyof typeof mismatches

export interface MismatchDiagnosis {
  readonly kind: MismatchKind
  /**
   * Offsets, lengths, key labels, and at most one byte of the body. Nothing is derived from a key or from
   * signed content.
   */
  readonly detail: string | undefined
}

/** A request that was refused as `signature_mismatch`. */
export interface MismatchEvidence {
  readonly method: string
  /** As received. */
  readonly body: Uint8Array
  /** Its canonical form, undefined if it has none; omitted if it was not computed yet. */
  readonly canonical?: Uint8Array | undefined
  readonly credentials: Credentials
  /** The keys of the route. */
  readonly keys: readonly SigningKey[]
  /** The keys of the other routes, without duplicates. */
  readonly otherKeys: readonly SigningKey[]
}

/** Inngest sends an object or an empty body. */
const OPEN_OBJECT = 0x7b

/** @param nowMs monotonic milliseconds. */
export function diagnoseMismatch(
  evidence: MismatchEvidence,
  budget: DiagnosisBudget,
  nowMs: number,
): MismatchDiagnosis {
  const attempts = new Attempts(evidence.credentials, budget, nowMs)
  const found = findCause(evidence, attempts)
  return attempts.isExhausted ? { kind: 'not_diagnosed', detail: undefined } : found
}

function findCause(evidence: MismatchEvidence, attempts: Attempts): MismatchDiagnosis {
  const { body, keys } = evidence
  const canonical =
    'canonical' in evidence ? itselfIfSame(body, evidence.canonical) : attempts.canonicalOf(body)
  const forms = [...new Set([body, canonical ?? body])]
  const signer = findSigner(forms, evidence, attempts)
  if (signer !== undefined) return signer

  if (body.byteLength === 0) {
    return { kind: 'other_environment', detail: 'empty body; a proxy may have dropped it' }
  }
  const lengthText = `${String(body.byteLength)} bytes`
  const end = attempts.read(body, findJsonEnd)
  if (end?.kind === 'cut') return { kind: 'truncated', detail: `${lengthText} received` }
  const surplusAt = findSurplus(body, end, keys, attempts)
  if (surplusAt !== undefined) {
    return {
      kind: 'extended',
      detail: `${lengthText} received, signature covers ${String(surplusAt)}`,
    }
  }
  if (body.byteLength > maxExaminedBytes) {
    return { kind: 'not_diagnosed', detail: `${lengthText} received` }
  }

  const reencoding = findReencoding(body, forms, keys, attempts)
  if (reencoding !== undefined) return { kind: 'reencoded', detail: reencoding }
  return judgeByLooks(evidence, canonical)
}

/** Finds a key that is not valid for this route, but made the signature over the received body. */
function findSigner(
  forms: readonly Uint8Array[],
  { keys, otherKeys }: MismatchEvidence,
  attempts: Attempts,
): MismatchDiagnosis | undefined {
  const withPrefix = keys.flatMap((key) => key.withPrefix ?? [])
  for (const form of forms) {
    const prefixed = attempts.signerOf(form, withPrefix)
    if (prefixed !== undefined) return { kind: 'key_prefix', detail: prefixed.label }
    const other = attempts.signerOf(form, otherKeys)
    if (other !== undefined) return { kind: 'other_key', detail: other.label }
  }
  return undefined
}

/** @returns the number of signed bytes: up to the end of the JSON, up to a line end, or none. */
function findSurplus(
  body: Uint8Array,
  end: JsonEnd | undefined,
  keys: readonly SigningKey[],
  attempts: Attempts,
): number | undefined {
  const length = body.byteLength
  const isSigned = (bytes: number) => attempts.signerOf(body.subarray(0, bytes), keys) !== undefined
  if (end?.kind === 'whole' && end.end < length) {
    const isJsonSigned = attempts.signedForm(body.subarray(0, end.end), keys) !== undefined
    if (isJsonSigned) return end.end
  }
  return [length - 1, length - 2, 0].find(
    (bytes) => bytes >= 0 && bytes < length && isSigned(bytes),
  )
}

/** Judges a body by its form, if no known key signed it. */
function judgeByLooks(
  { method, body }: MismatchEvidence,
  canonical: Uint8Array | undefined,
): MismatchDiagnosis {
  const lostAt = Buffer.from(body.buffer, body.byteOffset, body.byteLength).indexOf('\ufffd')
  if (lostAt !== -1) {
    return {
      kind: 'unknown',
      detail: `U+FFFD at byte ${String(lostAt)}: a proxy may have lost characters`,
    }
  }
  // A sync is sent escaped for HTML and signed in its canonical form (inngest `deploy.go`).
  const isIntact = canonical !== undefined && (method === 'PUT' || canonical === body)
  const isObject = body[0] === OPEN_OBJECT
  return { kind: isIntact && isObject ? 'other_environment' : 'unknown', detail: undefined }
}
