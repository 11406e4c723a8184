/**
 * The syntax of `X-Inngest-Signature`: exactly `t=<10 digits>&s=<64 lowercase hex digits>`.
 *
 * The SDKs accept more (any order, extra parameters, percent-encoding), but Inngest's server sends only this.
 * Another spelling would be a second name for the same signature. The fixed length of the timestamp prevents
 * moving digits from the end of a body into it: the MAC has no separator between the two.
 */
const SIGNATURE_HEADER = /^t=([1-9]\d{9})&s=([0-9a-f]{64})$/

/** The credentials that the sender claims, still unverified. */
export interface Credentials {
  /** Unix seconds, as signed by the sender. */
  readonly timestampSeconds: number
  /** The 32 bytes of the signature. */
  readonly mac: Uint8Array
}

/** @returns undefined for any other spelling. */
export function parseSignatureHeader(text: string): Credentials | undefined {
  const match = SIGNATURE_HEADER.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  return { timestampSeconds: Number(match[1]), mac: Buffer.from(match[2], 'hex') }
}
