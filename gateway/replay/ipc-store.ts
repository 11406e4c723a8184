/**
 * The replay store of a worker: the claims are in the process that started it (ipc-server.ts), which
 * is asked over the channel between the two. One message is under way at a time, and what is asked
 * meanwhile goes in the next: the busier it is, the less a claim costs.
 */
import type { Claim, ClaimOutcome, ReplayStore } from './store.ts'

/** To claim, or to let a key be claimed once more. As a list, which takes least to send. */
export type Ask = readonly [
  id: number,
  what: 'claim' | 'rearm',
  key: Uint8Array,
  timestampSeconds: number,
  expiresAtSeconds: number,
  nowMs: number,
  /** Undefined until it is known to matter. */
  target: string | undefined,
]

/** `target?`: spent, and what is called decides. `failed`: it could not be told. */
export type Outcome = ClaimOutcome | 'target?' | 'rearmed' | 'not rearmed' | 'failed'

export type Reply = readonly [id: number, outcome: Outcome]

export interface IpcStoreOptions {
  /** @param onWritten called when it has left this process. */
  readonly send: (asks: readonly Ask[], onWritten: () => void) => void
  /** For one question. */
  readonly timeoutMs: number
}

interface Waiting {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
  /** Monotonic milliseconds. */
  readonly askedAtMs: number
}

/** Beyond this the other side is not reading, and what is asked would only fill the memory. */
const MAX_UNWRITTEN = 10_000

const NO_ANSWER = 'no answer in time'
const CLOSED = 'closed'

export class IpcReplayStore implements ReplayStore {
  /** Counted where the claims are. */
  readonly entries = undefined
  readonly capacity = undefined
  readonly #options: IpcStoreOptions
  /** By id, the oldest first. */
  readonly #waiting = new Map<number, Waiting>()
  /** To be sent. */
  #asks: Ask[] = []
  #lastId = 0
  #lastSentId = 0
  #unwritten = 0
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: IpcStoreOptions) {
    this.#options = options
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
      case 'failed':
        throw unavailable('no answer to a claim')
      default:
        return outcome
    }
  }

  async rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    const outcome = await this.#ask('rearm', claim, target, nowMs)
    if (outcome !== 'rearmed' && outcome !== 'not rearmed') throw unavailable('no answer to it')
    return outcome === 'rearmed'
  }

  /** Told of what the other side answers. An answer that came too late has nobody left to hear it. */
  answered(replies: readonly Reply[]): void {
    for (const [id, outcome] of replies) {
      this.#waiting.get(id)?.resolve(outcome)
      this.#waiting.delete(id)
    }
    this.#send()
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#rejectAskedBefore(Infinity, CLOSED)
    return Promise.resolve()
  }

  #ask(
    what: Ask[1],
    { key, timestampSeconds, expiresAtSeconds }: Claim,
    target: string | undefined,
    nowMs: number,
  ): Promise<Outcome> {
    const why = this.unavailableBecause
    if (why !== undefined) return Promise.reject(unavailable(why))
    const id = (this.#lastId += 1)
    if (this.#asks.length === 0)
      setImmediate(() => {
        this.#send()
      })
    this.#asks.push([id, what, key, timestampSeconds, expiresAtSeconds, nowMs, target])
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.#waiting.set(id, { resolve, reject, askedAtMs: performance.now() })
    this.#watch()
    return promise
  }

  #send(): void {
    const [oldestId = Infinity] = this.#waiting.keys()
    if (this.#asks.length === 0 || oldestId <= this.#lastSentId) return
    // Nobody waits any more for one that has been held back for too long.
    const asks = this.#asks.filter(([id]) => this.#waiting.has(id))
    this.#asks = []
    this.#lastSentId = this.#lastId
    if (asks.length === 0) return
    this.#unwritten += asks.length
    this.#options.send(asks, () => {
      this.#unwritten -= asks.length
    })
  }

  /** One timer, for the oldest: most are answered long before. */
  #watch(): void {
    if (this.#timer !== undefined) return
    const [oldest] = this.#waiting.values()
    if (oldest === undefined) return
    const leftMs = oldest.askedAtMs + this.#options.timeoutMs - performance.now()
    this.#timer = setTimeout(() => {
      // Answers that came while this process was busy are read first.
      setImmediate(() => {
        this.#timer = undefined
        this.#rejectAskedBefore(performance.now() - this.#options.timeoutMs, NO_ANSWER)
        this.#send()
        this.#watch()
      })
    }, leftMs).unref()
  }

  #rejectAskedBefore(timeMs: number, why: string): void {
    for (const [id, { reject, askedAtMs }] of this.#waiting) {
      if (askedAtMs > timeMs) return
      this.#waiting.delete(id)
      reject(unavailable(why))
    }
  }
}

function unavailable(why: string): Error {
  return new Error(`replay store: ${why}`)
}
