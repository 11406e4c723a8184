/**
 * From which second on the claims in Redis are known to be whole. A server that was started again,
 * or a replica that took over, may have lost some; signatures of before are refused then, which
 * Inngest signs anew (RFC 4120 3.2.3 asks the same of a server that lost its cache).
 */
import type { RedisInfo } from './redis-info.ts'

/** Seconds are counted by two clocks and cut off; and a sender's may be a little ahead. */
const MARGIN_SECONDS = 2

export class RedisMemory {
  /** Run id to whether it was a primary when it was last looked at. */
  readonly #servers = new Map<string, boolean>()
  #remembersFromSeconds = 0

  get remembersFromSeconds(): number {
    return this.#remembersFromSeconds
  }

  /**
   * Told of each server before it is asked for a claim.
   * @param isFirstLook nothing was claimed yet, so that it has not taken over from another.
   */
  lookedAt(
    { runId, uptimeSeconds, isPrimary }: RedisInfo,
    isFirstLook: boolean,
    nowMs: number,
  ): void {
    const wasPrimary = this.#servers.get(runId)
    this.#servers.set(runId, isPrimary)
    if (!isPrimary || wasPrimary === true) return
    const nowSeconds = Math.floor(nowMs / 1000)
    this.keptSince(isFirstLook ? nowSeconds - uptimeSeconds : nowSeconds)
  }

  /** Unix seconds. */
  keptSince(seconds: number): void {
    this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, seconds + MARGIN_SECONDS)
  }
}
