/**
 * Why no key of the route makes the signature, for the operator's log and metric and never for the
 * sender. It is to be asked when the refusal has been sent, so that not even the time it takes tells
 * the sender anything. Where a kind says who signed or what was signed, a MAC was found to match;
 * `truncated`, `other_environment` and `unknown` are what the body looks like.
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
  /** Offsets, lengths, key labels, and of the body one byte: nothing of a key or of what it signs. */
  readonly detail: string | undefined
}

/** A request that was refused as `signature_mismatch`. */
export interface MismatchEvidence {
  readonly method: string
  /** As received. */
  readonly body: Uint8Array
  /** Its canonical form, undefined if it has none; left out if nobody has looked yet. */
  readonly canonical?: Uint8Array | undefined
  readonly credentials: Credentials
  /** The route's. */
  readonly keys: readonly SigningKey[]
  /** Those of the other routes, each once. */
  readonly otherKeys: readonly SigningKey[]
}

/** What Inngest sends is an object, or nothing. */
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

/** A key that does not count here, and made the signature over the body as it stands. */
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

/** @returns how many bytes were signed: up to the end of the JSON, a line end, or none at all. */
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

/** What can be said of a body that nothing known signed. */
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
  // A sync travels escaped for HTML and is signed in its canonical form (inngest `deploy.go`).
  const isIntact = canonical !== undefined && (method === 'PUT' || canonical === body)
  const isObject = body[0] === OPEN_OBJECT
  return { kind: isIntact && isObject ? 'other_environment' : 'unknown', detail: undefined }
}
