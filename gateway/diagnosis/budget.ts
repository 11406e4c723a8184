/**
 * How much work the diagnoses may do, as a token bucket counted in bytes. Whoever is let in by
 * address can send forged bodies without end, and looking closely at one costs many times what
 * refusing it does: past the budget a refusal is recorded without a diagnosis.
 */

/** What starting a pass costs beside its bytes: setting up an HMAC takes as long as this many. */
const PASS_OVERHEAD_BYTES = 512

/**
 * How full it is when it opens again, having run dry. Without this each request of a flood would
 * take the little that came in since the one before, and none would be looked at to its end.
 */
const REOPENING_SHARE = 0.25

export interface BudgetOptions {
  /** Default 2 MiB: of bodies made for it a diagnosis takes 20 ns a byte, a twentieth of one core. */
  readonly bytesPerSecond?: number
  /** Most that may be saved up. Default 8 MiB: some hundred calls of usual length at once. */
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
   * Pays for one pass over so many bytes, or for none of it.
   * @param nowMs monotonic milliseconds.
   * @returns false if there is not enough left; the pass must not be made then.
   */
  take(bytes: number, nowMs: number): boolean {
    this.#refill(nowMs)
    const costBytes = bytes + PASS_OVERHEAD_BYTES
    if (this.#isDry && this.#leftBytes < this.#burstBytes * REOPENING_SHARE) return false
    this.#isDry = costBytes > this.#leftBytes
    if (!this.#isDry) this.#leftBytes -= costBytes
    return !this.#isDry
  }

  /** A clock that steps back gives nothing, and counts on from where it stands. */
  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#refilledAtMs ?? nowMs))
    this.#refilledAtMs = nowMs
    const earnedBytes = (elapsedMs / 1000) * this.#bytesPerSecond
    this.#leftBytes = Math.min(this.#burstBytes, this.#leftBytes + earnedBytes)
  }
}
