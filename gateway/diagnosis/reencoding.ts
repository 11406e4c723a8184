/** Finds the re-encoding that must be reversed to get the signed bytes. */
import type { SigningKey } from '../inngest/signing-key.ts'
import type { Attempts } from './attempts.ts'
import { firstDifferingByte } from './difference.ts'
import { encodings, type Encoding } from './encodings.ts'

const names = Object.keys(encodings) as Encoding[]

/**
 * @param forms the received body and its canonical form, if that differs: `\u00c3\u00a9` is `é` that was
 * decoded wrongly and then escaped.
 * @returns the re-encoding and the first difference.
 */
export function findReencoding(
  received: Uint8Array,
  forms: readonly Uint8Array[],
  keys: readonly SigningKey[],
  attempts: Attempts,
): string | undefined {
  for (const form of forms) {
    for (const name of names) {
      const undone = attempts.read(form, encodings[name])
      if (undone === undefined || Buffer.compare(undone, form) === 0) continue
      const signed = attempts.signedForm(undone, keys)
      if (signed !== undefined) return `${name}: ${describeDifference(received, signed)}`
    }
  }
  return undefined
}

/** One byte of each, never text: bodies have the data of the operator's customers. */
function describeDifference(received: Uint8Array, signed: Uint8Array): string {
  const offset = firstDifferingByte(received, signed) ?? received.byteLength
  return `byte ${String(offset)} is ${hexAt(received, offset)}, signed was ${hexAt(signed, offset)}`
}

function hexAt(bytes: Uint8Array, offset: number): string {
  const byte = bytes[offset]
  return byte === undefined ? 'the end' : `0x${byte.toString(16).padStart(2, '0')}`
}
