/**
 * From which second on the claims in Redis are known to be whole. A server that was started again,
 * or a replica that took over, may have lost some; signatures of before are refused then, which
 * Inngest signs anew (RFC 4120 3.2.3 asks the same of a server that lost its cache).
 */
import type { RedisInfo } from './info.ts'

/** Seconds are counted by two clocks and cut off; and a sender's may be a little ahead. */
export const MARGIN_SECONDS = 2

/** More than the clocks of gateways may differ. */
export const MOST_AHEAD_SECONDS = 60

export class RedisMemory {
  /** By run id and replication id: whether it was a primary when it was last looked at. */
  readonly #servers = new Map<string, boolean>()
  #remembersFromSeconds = 0
  #latestSignatureSeconds = 0

  get remembersFromSeconds(): number {
    return this.#remembersFromSeconds
  }

  /**
   * Told of each server before it is asked for a claim. One that takes over has another replication
   * id, even if it was the primary before, and was not looked at while it was none.
   * @param isFirstLook nothing was claimed here yet.
   */
  lookedAt(
    { runId, replicationId, uptimeSeconds, isPrimary, hasTakenOver }: RedisInfo,
    isFirstLook: boolean,
    nowMs: number,
  ): void {
    const server = `${runId} ${replicationId}`
    const wasPrimary = this.#servers.get(server)
    this.#servers.set(server, isPrimary)
    if (!isPrimary || wasPrimary === true) return
    // When it took over it does not say, nor whether other gateways had claimed elsewhere before.
    const isWholeSinceStart = isFirstLook && !hasTakenOver
    this.keptSince(
      isWholeSinceStart ? Math.floor(nowMs / 1000) - uptimeSeconds : this.lossSeconds(nowMs),
    )
  }

  /** To be called for each signature that is claimed. */
  claimed(timestampSeconds: number): void {
    this.#latestSignatureSeconds = Math.max(this.#latestSignatureSeconds, timestampSeconds)
  }

  /**
   * The second since which claims are kept if they were lost just now. If this clock is behind that of
   * Inngest, the latest signature is of a later second than this clock tells, and was used all the same.
   */
  lossSeconds(nowMs: number): number {
    const nowSeconds = Math.floor(nowMs / 1000)
    const latest = Math.min(this.#latestSignatureSeconds, nowSeconds + MOST_AHEAD_SECONDS)
    return Math.max(nowSeconds, latest + 1 - MARGIN_SECONDS)
  }

  /** Unix seconds. */
  keptSince(seconds: number): void {
    this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, seconds + MARGIN_SECONDS)
  }
}
