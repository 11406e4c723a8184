/** The pairs of a shared store. While that is unavailable, the pairs that this machine has learned. */
import type { FunctionPair, PairLesson } from '../admit/checks/function-id.ts'
import type { PairStore } from './pair-store.ts'

export class FallbackPairs implements PairStore {
  readonly #shared: PairStore
  readonly #own: PairStore

  constructor(shared: PairStore, own: PairStore) {
    this.#shared = shared
    this.#own = own
  }

  async find(key: string, nowMs: number): Promise<FunctionPair | undefined> {
    try {
      return await this.#shared.find(key, nowMs)
    } catch {
      return await this.#own.find(key, nowMs)
    }
  }

  async learn(lesson: PairLesson, nowMs: number): Promise<FunctionPair | undefined> {
    const own = await this.#own.learn(lesson, nowMs)
    try {
      return await this.#shared.learn(lesson, nowMs)
    } catch {
      return own
    }
  }
}
