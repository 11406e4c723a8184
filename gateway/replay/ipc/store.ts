/**
 * The replay store of a worker. The claims are kept by the primary process (server.ts), and the worker sends
 * its claims over the IPC channel. One message is in flight at a time, and the claims that arrive meanwhile
 * go into the next message together. So a claim costs less under load.
 */
import type { SharedMac } from '../../admit/facts.ts'
import { setReplyTimeout, type Claim, type ClaimOutcome, type ReplayStore } from '../store.ts'

/** One operation of the store. An array, because that is the cheapest to serialize. */
export type Ask = readonly [
  id: number,
  what: 'claim' | 'rearm' | 'release' | 'look up',
  key: Uint8Array,
  timestampSeconds: number,
  expiresAtSeconds: number,
  owner: number,
  nowMs: number,
  /** Undefined until the primary process needs it to decide. */
  target: string | undefined,
  shared: SharedMac | undefined,
]

/** `target?`: the key is spent, and the target decides whether it may be used again. `failed`: the store threw. */
export type Outcome =
  | ClaimOutcome
  | 'target?'
  | 'rearmed'
  | 'not rearmed'
  | 'released'
  | 'not released'
  | 'known'
  | 'not known'
  | 'failed'

export type Reply = readonly [id: number, outcome: Outcome]

export interface IpcStoreOptions {
  /** That of the store in the primary process. */
  readonly remembersFromSeconds: number
  /** @param onWritten called when the message has been written to the channel. */
  readonly send: (asks: readonly Ask[], onWritten: () => void) => void
  /**
   * Time allowed for a batch in flight. A claim that is queued meanwhile may wait this long for its turn,
   * and then this long for its own reply.
   */
  readonly timeoutMs: number
}

interface Waiting {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
}

/** With more unwritten operations the primary process is not reading, and more would only fill memory. */
const MAX_UNWRITTEN = 10_000

const NO_ANSWER = 'no response in time'
const CLOSED = 'closed'

export class IpcReplayStore implements ReplayStore {
  /** The primary process counts the claims. */
  readonly entries = undefined
  readonly capacity = undefined
  readonly remembersFromSeconds: number
  readonly #options: IpcStoreOptions
  /** By the id of the operation. */
  readonly #waiting = new Map<number, Waiting>()
  /** Sent, and without a reply so far. */
  #underWay: readonly Ask[] | undefined
  /** To be sent next. */
  #asks: Ask[] = []
  #lastId = 0
  #unwritten = 0
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: IpcStoreOptions) {
    this.#options = options
    this.remembersFromSeconds = options.remembersFromSeconds
  }

  get unavailableBecause(): string | undefined {
    if (this.#isClosed) return CLOSED
    return this.#unwritten > MAX_UNWRITTEN ? NO_ANSWER : undefined
  }

  async claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const first = await this.#ask('claim', claim, undefined, nowMs)
    const outcome = first === 'target?' ? await this.#ask('claim', claim, target(), nowMs) : first
    switch (outcome) {
      case 'target?':
      case 'rearmed':
      case 'not rearmed':
      case 'released':
      case 'not released':
      case 'known':
      case 'not known':
      case 'failed':
        throw unavailable('no response to a claim')
      default:
        return outcome
    }
  }

  async rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    const outcome = await this.#ask('rearm', claim, target, nowMs)
    if (outcome !== 'rearmed' && outcome !== 'not rearmed') throw unavailable('no response')
    return outcome === 'rearmed'
  }

  async release(claim: Claim, followed: string | undefined, nowMs: number): Promise<boolean> {
    const outcome = await this.#ask('release', claim, followed, nowMs)
    if (outcome !== 'released' && outcome !== 'not released') throw unavailable('no response')
    return outcome === 'released'
  }

  async isClaimed(mac: Uint8Array, timestampSeconds: number, nowMs: number): Promise<boolean> {
    const claim = {
      key: mac,
      shared: undefined,
      timestampSeconds,
      expiresAtSeconds: timestampSeconds,
      owner: 0,
    }
    const outcome = await this.#ask('look up', claim, undefined, nowMs)
    if (outcome !== 'known' && outcome !== 'not known') throw unavailable('no response')
    return outcome === 'known'
  }

  /** To be called with the replies of the primary process. A reply that is too late has no effect. */
  answered(replies: readonly Reply[]): void {
    for (const [id, outcome] of replies) {
      this.#waiting.get(id)?.resolve(outcome)
      this.#waiting.delete(id)
    }
    if (replies[0]?.[0] === this.#underWay?.[0]?.[0]) this.#sendNext()
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#reject([...this.#waiting.keys()], CLOSED)
    return Promise.resolve()
  }

  #ask(
    what: Ask[1],
    { key, shared, timestampSeconds, expiresAtSeconds, owner }: Claim,
    target: string | undefined,
    nowMs: number,
  ): Promise<Outcome> {
    const why = this.unavailableBecause
    if (why !== undefined) return Promise.reject(unavailable(why))
    const id = (this.#lastId += 1)
    this.#asks.push([
      id,
      what,
      key,
      timestampSeconds,
      expiresAtSeconds,
      owner,
      nowMs,
      target,
      shared,
    ])
    if (this.#asks.length === 1 && this.#underWay === undefined) {
      setImmediate(() => {
        if (this.#underWay === undefined) this.#sendNext()
      })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.#waiting.set(id, { resolve, reject })
    return promise
  }

  #sendNext(): void {
    clearTimeout(this.#timer)
    const asks = this.#asks
    this.#asks = []
    this.#underWay = asks.length === 0 || this.#isClosed ? undefined : asks
    if (this.#underWay === undefined) return
    this.#timer = setReplyTimeout(this.#options.timeoutMs, () => {
      this.#giveUp(asks)
    })
    this.#unwritten += asks.length
    this.#options.send(asks, () => {
      this.#unwritten -= asks.length
    })
  }

  #giveUp(asks: readonly Ask[]): void {
    if (this.#underWay !== asks) return
    this.#reject(
      asks.map(([id]) => id),
      NO_ANSWER,
    )
    this.#sendNext()
  }

  #reject(ids: readonly number[], why: string): void {
    for (const id of ids) {
      this.#waiting.get(id)?.reject(unavailable(why))
      this.#waiting.delete(id)
    }
  }
}

function unavailable(why: string): Error {
  return new Error(`replay store unavailable: ${why}`)
}
