/** The function pairs of a process: the recently used known ones in memory, and a store behind them. */
import type { FunctionPair, PairLesson } from '../admit/checks/function-id.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { FunctionPairs } from '../admit/context.ts'
import { MOST_PAIRS, type PairStore } from './pair-store.ts'
import { RecentMap } from './recent-map.ts'

/**
 * How long a known pair is remembered without the store. The call after that confirms the pair there, which
 * keeps it for as long as its function runs.
 */
const CONFIRMED_EACH_MS = 60 * 60 * 1000

export class LearnedPairs implements FunctionPairs {
  readonly #store: PairStore
  readonly #clock: { nowMs(): number }
  readonly #known = new RecentMap<FunctionPair>({ size: MOST_PAIRS, lifeMs: CONFIRMED_EACH_MS })

  constructor(store: PairStore, clock: { nowMs(): number }) {
    this.#store = store
    this.#clock = clock
  }

  recall(key: string): FunctionPair | undefined {
    return this.#known.get(key, this.#clock.nowMs())
  }

  async find(key: string): Promise<FunctionPair | undefined> {
    try {
      return await this.#store.find(key, this.#clock.nowMs())
    } catch (error) {
      throw new GatewayFault('replay_store_unavailable', error)
    }
  }

  async learn(lesson: PairLesson): Promise<void> {
    const nowMs = this.#clock.nowMs()
    try {
      const pair = await this.#store.learn(lesson, nowMs)
      if (pair?.isKnown === true) this.#known.set(lesson.key, pair, nowMs)
    } catch {
      // The connection to the store logs that it is unavailable.
    }
  }
}
