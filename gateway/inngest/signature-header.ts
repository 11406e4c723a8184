/**
 * The syntax of `X-Inngest-Signature`: exactly `t=<10 digits>&s=<64 lowercase hex digits>`.
 *
 * The SDKs accept more (any order, extra parameters, percent-encoding), but Inngest's server sends
 * only this. Each other spelling would be a second name for one signature, and ten digits keep a
 * body that ends in digits from lending them to the timestamp: the MAC has no separator between
 * the two.
 */
const SIGNATURE_HEADER = /^t=([1-9]\d{9})&s=([0-9a-f]{64})$/

/** What the sender claims; nothing in it is believed yet. */
export interface Credentials {
  /** Unix seconds as the sender signed them. */
  readonly timestampSeconds: number
  /** The 32 bytes of the signature. */
  readonly mac: Uint8Array
}

/** @returns undefined for every other spelling. */
export function parseSignatureHeader(text: string): Credentials | undefined {
  const match = SIGNATURE_HEADER.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  return { timestampSeconds: Number(match[1]), mac: Buffer.from(match[2], 'hex') }
}
