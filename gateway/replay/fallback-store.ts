/**
 * A shared store, and what this process itself remembers for while that cannot be asked. Every claim
 * is made in memory too, so that what was admitted meanwhile stays spent afterwards; what another
 * replica admitted meanwhile is not known here, which is the price of not refusing.
 */
import type { Logger } from 'pino'

import type { Claim, ClaimOutcome, ReplayStore } from './store.ts'

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

  async claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const own = await this.#own.claim(claim, target, nowMs)
    if (own === 'full' || own === 'before_start') return own
    try {
      const shared = await this.#shared.claim(claim, target, nowMs)
      this.#announce(undefined)
      // Admitted while the shared store could not be told of it.
      return shared === 'claimed' && own !== 'claimed' ? own : shared
    } catch (error) {
      this.#announce(error)
      return own
    }
  }

  async rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    const isRearmed = await this.#own.rearm(claim, target, nowMs)
    try {
      return await this.#shared.rearm(claim, target, nowMs)
    } catch {
      return isRearmed
    }
  }

  async close(): Promise<void> {
    await this.#shared.close()
  }

  #announce(error: unknown): void {
    const isAlone = error !== undefined
    if (isAlone === this.#isAlone) return
    this.#isAlone = isAlone
    if (isAlone) {
      const why = error instanceof Error ? error.message : 'no reason given'
      this.#logger.error(
        { why },
        'replays are told by this process alone: others may be admitted twice',
      )
    } else this.#logger.info('replays are told by the shared store again')
  }
}
