/**
 * From which second on the claims in Redis are known to be whole. A server that was started again,
 * or a replica that took over, may have lost some; signatures of before are refused then, which
 * Inngest signs anew (RFC 4120 3.2.3 asks the same of a server that lost its cache).
 */
import type { RedisInfo } from './redis-info.ts'

/** Seconds are counted by two clocks and cut off; and a sender's may be a little ahead. */
const MARGIN_SECONDS = 2

export class RedisMemory {
  readonly #runIds = new Set<string>()
  #remembersFromSeconds = 0

  get remembersFromSeconds(): number {
    return this.#remembersFromSeconds
  }

  /** Told of each server that is connected to, before it is asked for a claim. */
  connected({ runId, uptimeSeconds }: RedisInfo, nowMs: number): void {
    if (this.#runIds.has(runId)) return
    const nowSeconds = Math.floor(nowMs / 1000)
    // The first may have been there for long. Another one after it has just taken over.
    const sinceSeconds = this.#runIds.size === 0 ? nowSeconds - uptimeSeconds : nowSeconds
    this.#runIds.add(runId)
    this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, sinceSeconds + MARGIN_SECONDS)
  }
}
