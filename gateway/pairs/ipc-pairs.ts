/**
 * The pair store of a worker. The primary process keeps the pairs. The worker sends one message for each
 * function that is new to it, and then one an hour, so messages are few and not batched.
 */
import type { FunctionPair, PairLesson } from '../admit/checks/function-id.ts'
import { setReplyTimeout } from '../replay/store.ts'
import type { PairStore } from './pair-store.ts'

export interface PairAsk {
  readonly id: number
  /** To find the pair of a key, or to learn one. */
  readonly about: string | PairLesson
  readonly nowMs: number
}

export interface PairReply {
  readonly id: number
  readonly pair: FunctionPair | undefined
}

export interface IpcPairsOptions {
  readonly send: (ask: PairAsk) => void
  readonly timeoutMs: number
}

/** With more waiting messages the primary process is not reading, and more would only fill memory. */
const MOST_WAITING = 1000

export class IpcPairs implements PairStore {
  readonly #options: IpcPairsOptions
  /** By message id. An entry stays until the reply arrives, even after its timeout, because its message is still queued. */
  readonly #waiting = new Map<number, (pair: FunctionPair | undefined) => void>()
  #lastId = 0

  constructor(options: IpcPairsOptions) {
    this.#options = options
  }

  find(key: string, nowMs: number): Promise<FunctionPair | undefined> {
    return this.#ask(key, nowMs)
  }

  learn(lesson: PairLesson, nowMs: number): Promise<FunctionPair | undefined> {
    return this.#ask(lesson, nowMs)
  }

  answered({ id, pair }: PairReply): void {
    this.#waiting.get(id)?.(pair)
    this.#waiting.delete(id)
  }

  #ask(about: PairAsk['about'], nowMs: number): Promise<FunctionPair | undefined> {
    if (this.#waiting.size >= MOST_WAITING) return Promise.reject(noReply())
    const { send, timeoutMs } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<FunctionPair | undefined>()
    const id = (this.#lastId += 1)
    const timer = setReplyTimeout(timeoutMs, () => {
      reject(noReply())
    })
    this.#waiting.set(id, (pair) => {
      clearTimeout(timer)
      resolve(pair)
    })
    send({ id, about, nowMs })
    return promise
  }
}

/** Runs in the primary process. */
export async function answerPairAsk(
  { id, about, nowMs }: PairAsk,
  store: PairStore,
): Promise<PairReply> {
  const pair = typeof about === 'string' ? store.find(about, nowMs) : store.learn(about, nowMs)
  return { id, pair: await pair }
}

function noReply(): Error {
  return new Error('pair store: no response in time')
}
