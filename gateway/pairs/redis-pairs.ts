/** The function pairs that replicas share in the Redis of the claims. The value of a pair's key is `run fnId`. */
import type { FunctionPair, PairLesson } from '../admit/checks/function-id.ts'
import { askInTime } from '../replay/ask-in-time.ts'
import type { RedisClient } from '../replay/redis/client.ts'
import type { RedisKeys } from '../replay/redis/keys.ts'
import { learnPairScript } from '../replay/redis/scripts.ts'
import { MOST_PAIRS, PAIR_LIFE_MS, pairOf, type PairStore } from './pair-store.ts'

/** The period in which at most `MOST_PAIRS` are added: a signed body may contain any id, and keys stay for days. */
const COUNTED_MS = 24 * 60 * 60 * 1000

export interface RedisPairsOptions {
  readonly client: RedisClient
  readonly link: { readonly unavailableBecause: string | undefined }
  readonly keys: RedisKeys
  readonly timeoutMs: number
}

export class RedisPairs implements PairStore {
  readonly #options: RedisPairsOptions

  constructor(options: RedisPairsOptions) {
    this.#options = options
  }

  find(key: string): Promise<FunctionPair | undefined> {
    const { client, keys } = this.#options
    const [pair] = keys.ofPair(key)
    return this.#inTime(async () => parse(await client.get(pair)))
  }

  learn({ key, fnId, runId }: PairLesson): Promise<FunctionPair | undefined> {
    const { client, keys } = this.#options
    const args = [fnId, runId, PAIR_LIFE_MS, MOST_PAIRS, COUNTED_MS]
    return this.#inTime(async () =>
      parse(await learnPairScript.run(client, keys.ofPair(key), args)),
    )
  }

  #inTime<T>(ask: () => Promise<T>): Promise<T> {
    const { link, timeoutMs } = this.#options
    return askInTime(ask, link.unavailableBecause, timeoutMs)
  }
}

function parse(text: unknown): FunctionPair | undefined {
  if (typeof text !== 'string') return undefined
  const gap = text.indexOf(' ')
  return gap === -1 ? undefined : pairOf({ runId: text.slice(0, gap), fnId: text.slice(gap + 1) })
}
