/** Inngest's MAC: HMAC-SHA256 over the body and then the decimal Unix seconds, with no separator. */
import { createHmac } from 'node:crypto'

import type { SigningKey } from './signing-key.ts'

/** @param body the bytes as received or in canonical form; never decoded text. */
export function computeMac(key: SigningKey, body: Uint8Array, timestampSeconds: number): Buffer {
  return computeMacOfPieces(key, [body], timestampSeconds)
}

/** @param pieces the body, cut anywhere. */
export function computeMacOfPieces(
  key: SigningKey,
  pieces: readonly Uint8Array[],
  timestampSeconds: number,
): Buffer {
  const mac = createHmac('sha256', key.hmacKey)
  for (const piece of pieces) mac.update(piece)
  // As text first: memory of its own for each 32 bytes takes Node four times as long.
  return Buffer.from(mac.update(String(timestampSeconds)).digest('binary'), 'latin1')
}
