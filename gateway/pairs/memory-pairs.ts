/** The function pairs of one machine. */
import type { FunctionPair, PairLesson } from '../admit/checks/function-id.ts'
import {
  learned,
  MOST_PAIRS,
  PAIR_LIFE_MS,
  pairOf,
  type KeptPair,
  type PairStore,
} from './pair-store.ts'
import { RecentMap } from './recent-map.ts'

export class MemoryPairs implements PairStore {
  readonly #pairs = new RecentMap<KeptPair>({ size: MOST_PAIRS, lifeMs: PAIR_LIFE_MS })

  find(key: string, nowMs: number): Promise<FunctionPair | undefined> {
    const kept = this.#pairs.get(key, nowMs)
    return Promise.resolve(kept && pairOf(kept))
  }

  learn(lesson: PairLesson, nowMs: number): Promise<FunctionPair> {
    const before = this.#pairs.get(lesson.key, nowMs)
    const kept = learned(before, lesson)
    // A call that contradicts a known pair does not make its life longer.
    if (kept.fnId === lesson.fnId) this.#pairs.set(lesson.key, kept, nowMs)
    return Promise.resolve(pairOf(kept))
  }
}
