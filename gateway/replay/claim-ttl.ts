/**
 * How long claims live in Redis, which is decided when each is made: long enough for whatever gateway
 * may find the signature fresh later, this one included after a reload or a step of its clock.
 */
import type { Claim } from './store.ts'

/** How far apart the clocks of replicas may be: a claim outlives what any of them finds fresh. */
const EXPIRY_MARGIN_MS = 60_000

/**
 * Default freshness window (age plus tolerance). Another gateway may allow more than this one, and this
 * one may after a reload.
 */
const LEAST_WINDOW_SECONDS = 600

export class ClaimTtl {
  /** The longest that a signature was fresh for so far, its time ahead included. */
  #windowSeconds = LEAST_WINDOW_SECONDS
  /** The same before it was last made longer, and when that was. */
  #formerSeconds = LEAST_WINDOW_SECONDS
  #longerSinceSeconds = 0

  /** To be asked first for each claim, which shows how long signatures are fresh by now. */
  lifeMs({ timestampSeconds, expiresAtSeconds }: Claim, nowMs: number): number {
    const nowSeconds = Math.floor(nowMs / 1000)
    this.#follow(expiresAtSeconds - timestampSeconds, nowSeconds)
    // Not shorter for its age: that is by a clock which may be put right before it is over.
    const aheadSeconds = Math.max(0, timestampSeconds - nowSeconds)
    return (this.#windowSeconds + aheadSeconds + 1) * 1000 + EXPIRY_MARGIN_MS
  }

  /**
   * Whether a claim from before freshness was made longer may be over already. An earlier process may
   * have been as strict as the default, so that a start counts as much.
   */
  mayBeOver({ timestampSeconds }: Claim, nowMs: number): boolean {
    if (this.#windowSeconds === LEAST_WINDOW_SECONDS) return false
    // One ahead of the clock could be claimed then, too.
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
