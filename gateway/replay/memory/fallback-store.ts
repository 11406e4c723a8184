/**
 * A shared store, with local memory for the time when the shared store is unavailable. Each admitted request
 * is claimed in local memory, too, so that it stays spent during an outage and after it. Requests that
 * another replica admitted are unknown here: this is the price of not refusing.
 */
import type { Logger } from 'pino'

import type { Claim, ClaimOutcome, ReplayStore } from '../store.ts'

function isDuplicate(outcome: ClaimOutcome): boolean {
  return outcome === 'duplicate' || outcome === 'followed_before'
}

export class FallbackReplayStore implements ReplayStore {
  readonly #shared: ReplayStore
  readonly #own: ReplayStore
  readonly #logger: Logger
  #isAlone = false

  constructor(shared: ReplayStore, own: ReplayStore, logger: Logger) {
    this.#shared = shared
    this.#own = own
    this.#logger = logger
  }

  get entries(): number | undefined {
    return this.#own.entries
  }

  get capacity(): number | undefined {
    return this.#own.capacity
  }

  get unavailableBecause(): string | undefined {
    return this.#shared.unavailableBecause
  }

  /** While the shared store is unavailable, local memory alone decides. */
  get remembersFromSeconds(): number {
    const own = this.#own.remembersFromSeconds
    if (this.unavailableBecause !== undefined) return own
    return Math.max(own, this.#shared.remembersFromSeconds)
  }

  /**
   * The shared store decides first. A request that it refuses is not claimed in local memory: that would
   * refuse the copy that the shared store admits, which may arrive here later.
   */
  async claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const shared = await this.#askShared(claim, target, nowMs)
    const isAdmitted = shared === 'claimed' || shared === 'followed'
    if (shared !== undefined && !isAdmitted) return shared
    // A key that is spent only here was admitted while the shared store was unavailable.
    const own = await this.#own.claim(claim, target, nowMs)
    if (own !== 'claimed' && own !== 'followed' && !isDuplicate(own)) return own
    // Both stores know of a redirect. If its target used the key while the shared store was unavailable,
    // only local memory knows, and the shared store would admit a copy.
    if (shared === 'followed') return own === 'followed_before' ? 'duplicate' : 'followed'
    return own
  }

  async rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    const isRearmed = await this.#own.rearm(claim, target, nowMs)
    try {
      return await this.#shared.rearm(claim, target, nowMs)
    } catch {
      return isRearmed
    }
  }

  /** The shared store decides whether others may use the key. If it is unavailable, they may not. */
  async release(claim: Claim, followed: string | undefined, nowMs: number): Promise<boolean> {
    const isReleased = await this.#own.release(claim, followed, nowMs)
    try {
      return await this.#shared.release(claim, followed, nowMs)
    } catch {
      return isReleased
    }
  }

  /** What was admitted here while the shared store was away is claimed here only. */
  async isClaimed(mac: Uint8Array, timestampSeconds: number, nowMs: number): Promise<boolean> {
    const isOwn = await this.#own.isClaimed(mac, timestampSeconds, nowMs)
    return isOwn || (await this.#shared.isClaimed(mac, timestampSeconds, nowMs))
  }

  async close(): Promise<void> {
    await this.#shared.close()
  }

  /** @returns undefined if the shared store is unavailable. */
  async #askShared(...claim: Parameters<ReplayStore['claim']>): Promise<ClaimOutcome | undefined> {
    try {
      const outcome = await this.#shared.claim(...claim)
      this.#announce(undefined)
      return outcome
    } catch (error) {
      this.#announce(error)
      return undefined
    }
  }

  #announce(error: unknown): void {
    const isAlone = error !== undefined
    if (isAlone === this.#isAlone) return
    this.#isAlone = isAlone
    if (isAlone) {
      const why = error instanceof Error ? error.message : 'no reason given'
      this.#logger.error(
        { why },
        'shared replay store unreachable: using local memory, so a replay to another replica can be admitted',
      )
    } else this.#logger.info('shared replay store in use again')
  }
}
