/**
 * Checks that one of the route's keys made the signature. The raw bytes are tried first: they match for every
 * function call, and canonicalizing costs several times the MAC. A sync is signed over its RFC 8785 form but
 * sent with `&` as `\u0026`, and a hop may re-encode JSON. For these the canonical form is tried.
 */
import { timingSafeEqual } from 'node:crypto'

import { Body } from '../../inngest/body.ts'
import { canonicalizeJson } from '../../inngest/jcs/canonical-json.ts'
import { computeMacOfPieces } from '../../inngest/mac.ts'
import type { Credentials } from '../../inngest/signature-header.ts'
import type { SigningKey } from '../../inngest/signing-key.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

const verified: unique symbol = Symbol('verified')

/** Made only here, so that code that gets one can rely on it. */
export interface VerifiedSignature {
  readonly [verified]: true
  /** The bytes that the MAC covers: the received body, or its canonical form. */
  readonly signedBody: Body
  readonly form: 'raw' | 'canonical'
  /** Position of the key that matched in the route's list. */
  readonly keySlot: number
  /** The MAC as computed here. */
  readonly mac: Uint8Array
  /** The MACs by every key of the route, in its order. */
  readonly macs: readonly Uint8Array[]
  /** Unix seconds. The MAC covers it. */
  readonly timestampSeconds: number
}

/** Tries both forms in turn, for a body of any length. */
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
  const { keySlot, mac, macs } = matched
  const { timestampSeconds } = credentials
  return pass({
    [verified]: true,
    signedBody: body,
    form: 'raw',
    keySlot,
    mac,
    macs,
    timestampSeconds,
  })
}

/**
 * Fails closed: a body without a lossless canonical form is not verified. For some bodies the check of an SDK
 * (inngestgo 0.16.0) is weaker than documented.
 * @param canonical the result of `canonicalizeJson`.
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
  const { keySlot, mac, macs } = matched
  const { timestampSeconds } = credentials
  return pass({
    [verified]: true,
    signedBody,
    form: 'canonical',
    keySlot,
    mac,
    macs,
    timestampSeconds,
  })
}

/** Always tries every key, so that the time taken does not reveal which one matched. */
function matchKey(
  { pieces }: Body,
  { mac, timestampSeconds }: Credentials,
  keys: readonly SigningKey[],
): Pick<VerifiedSignature, 'keySlot' | 'mac' | 'macs'> | undefined {
  const macs = keys.map((key) => computeMacOfPieces(key, pieces, timestampSeconds))
  let matched: { keySlot: number; mac: Uint8Array; macs: readonly Uint8Array[] } | undefined
  for (const [keySlot, expected] of macs.entries()) {
    if (timingSafeEqual(expected, mac)) matched ??= { keySlot, mac: expected, macs }
  }
  return matched
}
