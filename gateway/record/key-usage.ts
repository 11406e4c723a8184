/** When each signing key last verified a request, so that the operator sees when an old key can be removed. */
import type { SigningKey } from '../inngest/signing-key.ts'

export class KeyUsage {
  readonly #lastVerifiedMs = new WeakMap<SigningKey, number>()

  /** @param nowMs Unix milliseconds. */
  verified(key: SigningKey, nowMs: number): void {
    this.#lastVerifiedMs.set(key, nowMs)
  }

  /** Unix milliseconds; undefined if the key has verified nothing since this process loaded it. */
  lastVerifiedMs(key: SigningKey): number | undefined {
    return this.#lastVerifiedMs.get(key)
  }
}
