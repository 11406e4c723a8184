/** A token bucket: it fills at a rate up to its size, and each call takes one token. */
import type { RateLimitPolicy } from '../admit/policy.ts'

export class TokenBucket {
  #rate: RateLimitPolicy
  #tokens: number
  #filledMs: number

  constructor(rate: RateLimitPolicy, nowMs: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#filledMs = nowMs
  }

  /** Keeps the tokens that it has, up to the new size. */
  setRate(rate: RateLimitPolicy, nowMs: number): void {
    this.#fill(nowMs)
    this.#rate = rate
  }

  has(nowMs: number): boolean {
    this.#fill(nowMs)
    return this.#tokens >= 1
  }

  /** To be called only if a token is available. */
  take(): void {
    this.#tokens -= 1
  }

  /** Until the next token is available. */
  msUntilNext(nowMs: number): number {
    this.#fill(nowMs)
    return Math.max(0, Math.ceil(((1 - this.#tokens) * 1000) / this.#rate.perSecond))
  }

  #fill(nowMs: number): void {
    const { perSecond, burst } = this.#rate
    const added = ((nowMs - this.#filledMs) * perSecond) / 1000
    this.#tokens = Math.min(burst, this.#tokens + added)
    this.#filledMs = nowMs
  }
}
