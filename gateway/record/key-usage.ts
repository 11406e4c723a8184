/** When each signing key last verified a request, so that it is seen when an old one may go. */
import type { SigningKey } from '../inngest/signing-key.ts'

export class KeyUsage {
  readonly #lastVerifiedMs = new WeakMap<SigningKey, number>()

  /** @param nowMs Unix milliseconds. */
  verified(key: SigningKey, nowMs: number): void {
    this.#lastVerifiedMs.set(key, nowMs)
  }

  /** Unix milliseconds; undefined if it has not since this process has had it. */
  lastVerifiedMs(key: SigningKey): number | undefined {
    return this.#lastVerifiedMs.get(key)
  }
}
