/** Everything that costs time in the diagnosis of one request, each paid for before it is done. */
import { timingSafeEqual } from 'node:crypto'

import { canonicalizeJson, maxInlineBytes } from '../inngest/jcs/canonical-json.ts'
import { computeMac } from '../inngest/mac.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import type { DiagnosisBudget } from './budget.ts'

/**
 * Longest body that is canonicalised and whose re-encodings are undone: some twenty slow passes, 30
 * ms at worst, during which nobody else is served. A hop that re-encodes does it to short bodies too
 * (a call takes 0.6 to 3 KB until its steps return much), while one that cuts does it to long ones:
 * the keys and the end of the JSON are looked at whatever the length.
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

  /** Something was left undone for want of budget; nothing is done after that. */
  get isExhausted(): boolean {
    return this.#isExhausted
  }

  /** Reads all of it once. @returns undefined also if the budget does not reach. */
  read<T>(bytes: Uint8Array, reading: (bytes: Uint8Array) => T): T | undefined {
    this.#isExhausted ||= !this.#budget.take(bytes.byteLength, this.#nowMs)
    return this.#isExhausted ? undefined : reading(bytes)
  }

  /** @returns `bytes` itself if it is canonical as it stands; undefined also if it is too long. */
  canonicalOf(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.byteLength > maxExaminedBytes) return undefined
    return itselfIfSame(bytes, this.read(bytes, canonicalizeJson))
  }

  /** @returns the first of the keys that made the signature over exactly these bytes. */
  signerOf(bytes: Uint8Array, keys: readonly SigningKey[]): SigningKey | undefined {
    return keys.find((key) => this.read(bytes, () => this.#isSigned(bytes, key)) === true)
  }

  /** @returns the bytes or their canonical form, whichever carries the signature. */
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
