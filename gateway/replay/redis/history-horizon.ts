/**
 * The second since which the claims in Redis are known to be complete. A restarted server or a promoted
 * replica may have lost claims. Signatures from before that are refused, and Inngest signs its retry anew
 * (RFC 4120 3.2.3 requires the same of a server that lost its cache).
 */
import type { RedisInfo } from './info.ts'

/** Two clocks count the seconds and round them down, and the sender's clock may be a little ahead. */
export const MARGIN_SECONDS = 2

/** More than the clocks of gateways are expected to differ. */
export const MOST_AHEAD_SECONDS = 60

/** Odd, so that the median is one of them. */
const SAMPLES = 101
const JUDGE_EVERY = 10

export class HistoryHorizon {
  /** By run id and replication id: whether the server was a primary at the last check. */
  readonly #servers = new Map<string, boolean>()
  #remembersFromSeconds = 0
  /** By how many seconds each of the last signatures was in the future when it was claimed. */
  readonly #leads = new Float64Array(SAMPLES)
  #claims = 0
  #leadSeconds = 0

  get remembersFromSeconds(): number {
    return this.#remembersFromSeconds
  }

  /**
   * To be called for each server before it receives a claim. A server that becomes the primary gets a new
   * replication id, even if it was the primary earlier and was not checked in between.
   * @param isFirstLook whether this gateway has claimed nothing so far.
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
    // The server reports neither when it was promoted nor what other gateways claimed on another server before.
    const isWholeSinceStart = isFirstLook && !hasTakenOver
    this.keptSince(
      isWholeSinceStart ? Math.floor(nowMs / 1000) - uptimeSeconds : this.lossSeconds(nowMs),
    )
  }

  /** To be called for each signature that is claimed. */
  claimed(timestampSeconds: number, nowMs: number): void {
    this.#leads[this.#claims % SAMPLES] = timestampSeconds - nowMs / 1000
    this.#claims += 1
    if (this.#claims % JUDGE_EVERY !== 0) return
    const known = this.#leads.slice(0, Math.min(this.#claims, SAMPLES)).sort()
    const median = known[known.length >> 1] ?? 0
    this.#leadSeconds = Math.min(Math.max(0, Math.ceil(median)), MOST_AHEAD_SECONDS)
  }

  /**
   * The second since which claims are complete if all were lost just now. If this clock is behind Inngest's,
   * used signatures carry a time in the future. The median of the last signatures says how far. (With the
   * latest of them, a single odd one would keep out all others.)
   */
  lossSeconds(nowMs: number): number {
    return Math.floor(nowMs / 1000) + this.#leadSeconds
  }

  /** Unix seconds. */
  keptSince(seconds: number): void {
    this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, seconds + MARGIN_SECONDS)
  }
}
