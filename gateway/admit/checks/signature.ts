/**
 * Whether one of the route's keys made the signature. The raw bytes are tried first: they match for
 * every function call, and canonicalising costs several times the MAC. A sync is signed over its
 * RFC 8785 form while `&` travels as `\u0026`, and a hop may re-encode JSON; there the canonical
 * form is tried.
 */
import { timingSafeEqual } from 'node:crypto'

import { Body } from '../../inngest/body.ts'
import { canonicalizeJson } from '../../inngest/jcs/canonical-json.ts'
import { computeMacOfPieces } from '../../inngest/mac.ts'
import type { Credentials } from '../../inngest/signature-header.ts'
import type { SigningKey } from '../../inngest/signing-key.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

export interface VerifiedSignature {
  /** The bytes that the MAC covers: what was received, or its canonical form. */
  readonly signedBody: Body
  readonly form: 'raw' | 'canonical'
  /** Position of the key that matched in the route's list. */
  readonly keySlot: number
  /** The MAC as computed here. */
  readonly mac: Uint8Array
}

/** Both forms, one after the other, for a body of any length. */
export function verifySignature(
  bytes: Uint8Array,
  credentials: Credentials,
  keys: readonly SigningKey[],
): Verdict<VerifiedSignature> {
  const raw = verifyRaw(Body.of(bytes), credentials, keys)
  return raw.ok ? raw : verifyCanonical(canonicalizeJson(bytes), credentials, keys)
}

export function verifyRaw(
  body: Body,
  credentials: Credentials,
  keys: readonly SigningKey[],
): Verdict<VerifiedSignature> {
  const matched = matchKey(body, credentials, keys)
  if (matched === undefined) return refuse('signature_mismatch')
  const { keySlot, mac } = matched
  return pass({ signedBody: body, form: 'raw', keySlot, mac })
}

/**
 * Fails closed: what has no lossless canonical form is not verified at all. For some bodies the check of
 * an SDK (inngestgo 0.16.0) is weaker than documented.
 * @param canonical what `canonicalizeJson` says.
 */
export function verifyCanonical(
  canonical: Uint8Array | undefined,
  credentials: Credentials,
  keys: readonly SigningKey[],
): Verdict<VerifiedSignature> {
  if (canonical === undefined) return refuse('signature_mismatch')
  const signedBody = Body.of(canonical)
  const matched = matchKey(signedBody, credentials, keys)
  if (matched === undefined) return refuse('signature_mismatch')
  const { keySlot, mac } = matched
  return pass({ signedBody, form: 'canonical', keySlot, mac })
}

/** Every key is tried whichever matches, so that the time taken does not tell which one did. */
function matchKey(
  { pieces }: Body,
  { mac, timestampSeconds }: Credentials,
  keys: readonly SigningKey[],
): { keySlot: number; mac: Uint8Array } | undefined {
  let matched: { keySlot: number; mac: Uint8Array } | undefined
  for (const [keySlot, key] of keys.entries()) {
    const expected = computeMacOfPieces(key, pieces, timestampSeconds)
    if (timingSafeEqual(expected, mac)) matched ??= { keySlot, mac: expected }
  }
  return matched
}
