/**
 * A shared store, and what this machine itself remembers for while that cannot be asked. Whatever is
 * admitted is remembered here too, so that it stays spent while the shared store is away, and after;
 * what another replica admitted is not known here, which is the price of not refusing.
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

  /** While the shared store is away, this machine's memory alone decides. */
  get remembersFromSeconds(): number {
    const own = this.#own.remembersFromSeconds
    if (this.unavailableBecause !== undefined) return own
    return Math.max(own, this.#shared.remembersFromSeconds)
  }

  /**
   * The shared store is asked first: what it refuses is not remembered here, where it would stand in
   * the way of the copy that it lets in, which may come to this memory later.
   */
  async claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const shared = await this.#askShared(claim, target, nowMs)
    const isAdmitted = shared === 'claimed' || shared === 'followed'
    if (shared !== undefined && !isAdmitted) return shared
    // If it is spent here only, it was admitted while the shared store could not be told of it.
    const own = await this.#own.claim(claim, target, nowMs)
    if (own !== 'claimed' && own !== 'followed' && !isDuplicate(own)) return own
    // Both stores are told of a redirect. If the target used it while the shared store was down, that
    // store does not know, and would admit a copy.
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

  /** The shared store says whether others may use the key; if it cannot be asked, others may not. */
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

  /** @returns undefined if it cannot be asked. */
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
