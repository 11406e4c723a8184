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

/** Odd, so that the median is one of them. */
const SAMPLES = 101
const JUDGE_EVERY = 10

export class HistoryHorizon {
  /** By run id and replication id: whether it was a primary when it was last looked at. */
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
  claimed(timestampSeconds: number, nowMs: number): void {
    this.#leads[this.#claims % SAMPLES] = timestampSeconds - nowMs / 1000
    this.#claims += 1
    if (this.#claims % JUDGE_EVERY !== 0) return
    const known = this.#leads.slice(0, Math.min(this.#claims, SAMPLES)).sort()
    const median = known[known.length >> 1] ?? 0
    this.#leadSeconds = Math.min(Math.max(0, Math.ceil(median)), MOST_AHEAD_SECONDS)
  }

  /**
   * The second since which claims are kept if they were lost just now. If this clock is behind that of
   * Inngest, signatures come from the future, and were used all the same: half of the last ones tell how
   * far. (The latest one would not do: a single odd one would keep out all others.)
   */
  lossSeconds(nowMs: number): number {
    return Math.floor(nowMs / 1000) + this.#leadSeconds
  }

  /** Unix seconds. */
  keptSince(seconds: number): void {
    this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, seconds + MARGIN_SECONDS)
  }
}
