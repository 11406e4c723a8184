/**
 * Limits the work of all diagnoses with a token bucket that counts bytes. Any client in the allowlist can send
 * forged bodies without limit, and diagnosing one costs many times as much as refusing it. Without budget, a
 * refusal is recorded without a diagnosis.
 */

/** The fixed cost of a pass, in bytes: setting up an HMAC takes as long as this many. */
const PASS_OVERHEAD_BYTES = 512

/**
 * The level at which an empty bucket opens again. Without this, each request of a flood would use up the little
 * that was added since the previous one, and no diagnosis would be completed.
 */
const REOPENING_SHARE = 0.25

export interface BudgetOptions {
  /**
   * Default 2 MiB. For bodies designed to be slow, a diagnosis takes 20 ns per byte, so this is a twentieth of
   * one core.
   */
  readonly bytesPerSecond?: number
  /** The size of the bucket. Default 8 MiB: about a hundred calls of usual length at once. */
  readonly burstBytes?: number
}

export class DiagnosisBudget {
  readonly #bytesPerSecond: number
  readonly #burstBytes: number
  #leftBytes: number
  #refilledAtMs: number | undefined
  #isDry = false

  constructor({ bytesPerSecond = 2_097_152, burstBytes = 8_388_608 }: BudgetOptions = {}) {
    this.#bytesPerSecond = bytesPerSecond
    this.#burstBytes = burstBytes
    this.#leftBytes = burstBytes
  }

  /**
   * Pays for one full pass over so many bytes, or for nothing.
   * @param nowMs monotonic milliseconds.
   * @returns false if the budget does not suffice; then the pass must not be made.
   */
  take(bytes: number, nowMs: number): boolean {
    this.#refill(nowMs)
    const costBytes = bytes + PASS_OVERHEAD_BYTES
    if (this.#isDry && this.#leftBytes < this.#burstBytes * REOPENING_SHARE) return false
    this.#isDry = costBytes > this.#leftBytes
    if (!this.#isDry) this.#leftBytes -= costBytes
    return !this.#isDry
  }

  /** A clock that steps back adds nothing, and counting continues from its new time. */
  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#refilledAtMs ?? nowMs))
    this.#refilledAtMs = nowMs
    const earnedBytes = (elapsedMs / 1000) * this.#bytesPerSecond
    this.#leftBytes = Math.min(this.#burstBytes, this.#leftBytes + earnedBytes)
  }
}
