/**
 * The replay store of a worker: the claims are in the process that started it (server.ts), which
 * is asked over the channel between the two. One message is under way at a time, and what is asked
 * meanwhile goes in the next: the busier it is, the less a claim costs.
 */
import type { SharedMac } from '../../admit/facts.ts'
import { setReplyTimeout, type Claim, type ClaimOutcome, type ReplayStore } from '../store.ts'

/** To claim, to let a key be claimed once more, to release it, or to look it up. As a list, which takes least to send. */
export type Ask = readonly [
  id: number,
  what: 'claim' | 'rearm' | 'release' | 'look up',
  key: Uint8Array,
  timestampSeconds: number,
  expiresAtSeconds: number,
  owner: number,
  nowMs: number,
  /** Undefined until it is known to matter. */
  target: string | undefined,
  shared: SharedMac | undefined,
]

/** `target?`: spent, and what is called decides. `failed`: it could not be told. */
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
  /** Of the store on the other side. */
  readonly remembersFromSeconds: number
  /** @param onWritten called when it has left this process. */
  readonly send: (asks: readonly Ask[], onWritten: () => void) => void
  /**
   * Time allowed for the batch that was sent. A claim queued meanwhile may wait this long for its turn,
   * and then this long for its own answer.
   */
  readonly timeoutMs: number
}

interface Waiting {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
}

/** Beyond this the other side is not reading, and what is asked would only fill the memory. */
const MAX_UNWRITTEN = 10_000

const NO_ANSWER = 'no response in time'
const CLOSED = 'closed'

export class IpcReplayStore implements ReplayStore {
  /** Counted where the claims are. */
  readonly entries = undefined
  readonly capacity = undefined
  readonly remembersFromSeconds: number
  readonly #options: IpcStoreOptions
  /** By id. */
  readonly #waiting = new Map<number, Waiting>()
  /** Sent, and not yet answered. */
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

  /** Told of what the other side answers. What comes too late has nobody left to hear it. */
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
