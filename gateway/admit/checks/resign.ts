/**
 * Makes a new signature, with the key that the app has, for a request whose own signature was verified. Some
 * SDKs have only one key (inngest-kt `ServeConfig.signingKey`), so during a rotation either the old or the new
 * signatures would fail in the app. The body and the timestamp are unchanged: the app checks the age of
 * Inngest's signature.
 */
import { bufferOf } from '../../inngest/body.ts'
import { computeMacOfPieces } from '../../inngest/mac.ts'
import type { SigningKey } from '../../inngest/signing-key.ts'
import type { ResignPolicy, SigningRoutePolicy } from '../policy.ts'
import type { VerifiedSignature } from './signature.ts'

/** Can only be made from a verified signature. */
export class NewSignature {
  /** Names where the key is configured. */
  readonly label: string
  /** It is claimed, too: whoever captures the forwarded request has a signature that verifies here. */
  readonly mac: Uint8Array
  /** Private, so that no other object with the same members has this type. */
  readonly #header: string

  private constructor({ label }: SigningKey, mac: Uint8Array, timestampSeconds: number) {
    this.label = label
    this.mac = mac
    this.#header = `t=${String(timestampSeconds)}&s=${bufferOf(mac).toString('hex')}`
  }

  /** @returns undefined if the app has the key of `verified`: then the signature is not replaced. */
  static instead(verified: VerifiedSignature, resign: ResignPolicy): NewSignature | undefined {
    const { signedBody, keySlot, macs, timestampSeconds } = verified
    if (resign.sameSlots.includes(keySlot)) return undefined
    const [known] = resign.sameSlots
    // Signs the forwarded bytes: SDKs without canonical JSON verify the body as received.
    const mac =
      (known === undefined ? undefined : macs[known]) ??
      computeMacOfPieces(resign.key, signedBody.pieces, timestampSeconds)
    return new NewSignature(resign.key, mac, timestampSeconds)
  }

  /** The value of `X-Inngest-Signature`. */
  get header(): string {
    return this.#header
  }
}

/** @returns undefined if the request is forwarded with the signature that it came with. */
export function newSignatureFor(
  { resign }: Pick<SigningRoutePolicy, 'resign'>,
  verified: VerifiedSignature,
): NewSignature | undefined {
  return resign === undefined ? undefined : NewSignature.instead(verified, resign)
}
