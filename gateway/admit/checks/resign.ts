/**
 * A new signature for a request whose own was verified, by the key that the app has. Some SDKs know one key
 * only (inngest-kt `ServeConfig.signingKey`), so that during a rotation either the old or the new
 * signatures would fail in the app. Body and time are the same: the app judges the age that Inngest signed.
 */
import { bufferOf } from '../../inngest/body.ts'
import { computeMacOfPieces } from '../../inngest/mac.ts'
import type { SigningKey } from '../../inngest/signing-key.ts'
import type { ResignPolicy, SigningRoutePolicy } from '../policy.ts'
import type { VerifiedSignature } from './signature.ts'

/** Only a verified signature can become one. */
export class NewSignature {
  /** Where the key is configured. */
  readonly label: string
  /** To be claimed too: whoever captures the forwarded request has a signature that verifies here. */
  readonly mac: Uint8Array
  /** Not to be made of anything else with the same members. */
  readonly #header: string

  private constructor({ label }: SigningKey, mac: Uint8Array, timestampSeconds: number) {
    this.label = label
    this.mac = mac
    this.#header = `t=${String(timestampSeconds)}&s=${bufferOf(mac).toString('hex')}`
  }

  /** @returns undefined if the app has the key of `verified`: then the signature stays as it came. */
  static instead(verified: VerifiedSignature, resign: ResignPolicy): NewSignature | undefined {
    const { signedBody, keySlot, macs, timestampSeconds } = verified
    if (resign.sameSlots.includes(keySlot)) return undefined
    const [known] = resign.sameSlots
    // Of the bytes that are forwarded: SDKs without canonical JSON verify them as they arrive.
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
