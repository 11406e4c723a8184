/**
 * How long a claim lives in Redis. This is decided when the claim is made. The claim must outlive the time in
 * which any gateway accepts the signature as fresh, also after a reload or a step of the clock.
 */
import type { Claim } from './store.ts'

/** The clocks of replicas may differ by this much. */
const EXPIRY_MARGIN_MS = 60_000

/**
 * The default freshness window (age plus tolerance). Another gateway may have a longer one than this
 * gateway, and this gateway may have a longer one after a reload.
 */
const LEAST_WINDOW_SECONDS = 600

export class ClaimTtl {
  /** The longest freshness window so far, in seconds, clock tolerance included. */
  #windowSeconds = LEAST_WINDOW_SECONDS
  /** The window before it last became longer, and when that was. */
  #formerSeconds = LEAST_WINDOW_SECONDS
  #longerSinceSeconds = 0

  /** To be called first for each claim: the claim carries the current freshness window. */
  lifeMs({ timestampSeconds, expiresAtSeconds }: Claim, nowMs: number): number {
    const nowSeconds = Math.floor(nowMs / 1000)
    this.#follow(expiresAtSeconds - timestampSeconds, nowSeconds)
    // An old signature does not get a shorter life: its age is by a clock that may be corrected meanwhile.
    const aheadSeconds = Math.max(0, timestampSeconds - nowSeconds)
    return (this.#windowSeconds + aheadSeconds + 1) * 1000 + EXPIRY_MARGIN_MS
  }

  /**
   * Whether a claim of this signature may have expired, because it was made before the freshness window became
   * longer. An earlier process may have had the default window, so a start counts as such a change.
   */
  mayBeOver({ timestampSeconds }: Claim, nowMs: number): boolean {
    if (this.#windowSeconds === LEAST_WINDOW_SECONDS) return false
    // A signature from ahead of the clock could be claimed in that time, too.
    const isOfBefore = timestampSeconds <= this.#longerSinceSeconds + this.#formerSeconds
    return isOfBefore && Math.floor(nowMs / 1000) > timestampSeconds + LEAST_WINDOW_SECONDS
  }

  #follow(windowSeconds: number, nowSeconds: number): void {
    if (windowSeconds <= this.#windowSeconds) return
    this.#formerSeconds = this.#windowSeconds
    this.#windowSeconds = windowSeconds
    this.#longerSinceSeconds = nowSeconds
  }
}
