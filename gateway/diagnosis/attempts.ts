/** The costly steps in the diagnosis of one request. The budget is charged before each of them. */
import { timingSafeEqual } from 'node:crypto'

import { canonicalizeJson, maxInlineBytes } from '../inngest/jcs/canonical-json.ts'
import { computeMac } from '../inngest/mac.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import type { DiagnosisBudget } from './budget.ts'

/**
 * Maximum body that is canonicalized and whose re-encodings are reversed: some twenty slow passes, at worst 30
 * ms during which no other request is served. A hop that re-encodes also changes short bodies (a call has 0.6
 * to 3 KB until its steps return much). A hop that truncates changes long bodies: the keys and the end of the
 * JSON are checked for any length.
 */
export const maxExaminedBytes = maxInlineBytes

/** @returns `bytes` if its canonical form is the same. */
export function itselfIfSame(
  bytes: Uint8Array,
  canonical: Uint8Array | undefined,
): Uint8Array | undefined {
  return canonical && Buffer.compare(canonical, bytes) === 0 ? bytes : canonical
}

export class Attempts {
  readonly #credentials: Credentials
  readonly #budget: DiagnosisBudget
  readonly #nowMs: number
  #isExhausted = false

  constructor(credentials: Credentials, budget: DiagnosisBudget, nowMs: number) {
    this.#credentials = credentials
    this.#budget = budget
    this.#nowMs = nowMs
  }

  /** The budget did not suffice for a step; no further steps follow. */
  get isExhausted(): boolean {
    return this.#isExhausted
  }

  /**
   * Reads all bytes once.
   * @returns undefined also if the budget does not suffice.
   */
  read<T>(bytes: Uint8Array, reading: (bytes: Uint8Array) => T): T | undefined {
    this.#isExhausted ||= !this.#budget.take(bytes.byteLength, this.#nowMs)
    return this.#isExhausted ? undefined : reading(bytes)
  }

  /** @returns `bytes` itself if it is canonical already; undefined also if it is too long. */
  canonicalOf(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.byteLength > maxExaminedBytes) return undefined
    return itselfIfSame(bytes, this.read(bytes, canonicalizeJson))
  }

  /** @returns the first key that made the signature over exactly these bytes. */
  signerOf(bytes: Uint8Array, keys: readonly SigningKey[]): SigningKey | undefined {
    return keys.find((key) => this.read(bytes, () => this.#isSigned(bytes, key)) === true)
  }

  /** @returns the bytes or their canonical form, depending on which of them was signed. */
  signedForm(bytes: Uint8Array, keys: readonly SigningKey[]): Uint8Array | undefined {
    if (this.signerOf(bytes, keys) !== undefined) return bytes
    const canonical = this.canonicalOf(bytes)
    if (canonical === undefined || canonical === bytes) return undefined
    return this.signerOf(canonical, keys) && canonical
  }

  #isSigned(bytes: Uint8Array, key: SigningKey): boolean {
    const { mac, timestampSeconds } = this.#credentials
    return timingSafeEqual(computeMac(key, bytes, timestampSeconds), mac)
  }
}
