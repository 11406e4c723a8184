/**
 * Admits function calls to one app within the `limits` of its route. The others wait in a first-in, first-out
 * queue.
 */
import type { RouteLimitsPolicy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import type { Hold } from './capacity.ts'
import { TokenBucket } from './token-bucket.ts'

/** The capacity that all queues share. */
export interface WaitingRoom {
  /** @returns false if there is no room for another call with a body of this size. */
  enter(bytes: number): boolean
  leave(bytes: number): void
}

interface Waiter {
  readonly hold: Hold
  /** @param refusal undefined if the call's turn has come. */
  readonly end: (refusal: Reason | undefined) => void
}

export class AppGate {
  #limits: RouteLimitsPolicy
  #bucket: TokenBucket | undefined
  #requests = 0
  readonly #waiting = new Set<Waiter>()
  readonly #room: WaitingRoom
  readonly #monotonicMs: () => number
  #nextTurn: NodeJS.Timeout | undefined

  constructor(limits: RouteLimitsPolicy, room: WaitingRoom, monotonicMs: () => number) {
    this.#limits = limits
    this.#bucket = limits.rate && new TokenBucket(limits.rate, monotonicMs())
    this.#room = room
    this.#monotonicMs = monotonicMs
  }

  get requests(): number {
    return this.#requests
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** A reload may change the limits, also for calls that wait. */
  setLimits(limits: RouteLimitsPolicy): void {
    if (limits === this.#limits) return
    const { rate } = limits
    this.#limits = limits
    if (rate === undefined) this.#bucket = undefined
    else if (this.#bucket === undefined) this.#bucket = new TokenBucket(rate, this.#monotonicMs())
    else this.#bucket.setRate(rate, this.#monotonicMs())
    this.#letThrough()
  }

  /** @returns whether the call may continue at once. If so, its hold has the place. */
  tryEnter(hold: Hold): boolean {
    if (this.#waiting.size > 0 || this.#fullBecause() !== undefined) return false
    this.#admit(hold)
    return true
  }

  /**
   * For a call that could not enter. It gets its place at the moment of its turn, even if the client has left
   * by then.
   * @param signal ends the wait: the client has left.
   */
  wait(hold: Hold, signal: AbortSignal): Promise<Reason | undefined> {
    const { bytes } = hold
    const blocked = this.#fullBecause() ?? 'app_queue_full'
    if (this.#limits.maxWaitMs === 0) return Promise.resolve(blocked)
    if (!this.#room.enter(bytes)) return Promise.resolve('app_queue_full')
    return new Promise((resolve) => {
      const end = (refusal: Reason | undefined) => {
        if (!this.#waiting.delete(waiter)) return
        clearTimeout(timer)
        this.#room.leave(bytes)
        resolve(refusal)
      }
      const waiter = { hold, end }
      const giveUp = () => {
        end(this.#fullBecause() ?? blocked)
      }
      const timer = setTimeout(giveUp, this.#limits.maxWaitMs)
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.add(waiter)
      this.#letThrough()
    })
  }

  /** To be called when a call that had a place has ended. */
  leave(): void {
    this.#requests -= 1
    this.#letThrough()
  }

  /** Ends all waits. */
  refuseWaiting(): void {
    for (const { end } of [...this.#waiting]) end(this.#fullBecause() ?? 'app_queue_full')
  }

  #letThrough(): void {
    for (const { hold, end } of this.#waiting) {
      if (this.#fullBecause() !== undefined) break
      this.#admit(hold)
      end(undefined)
    }
    this.#awaitNextTurn()
  }

  #admit(hold: Hold): void {
    this.#bucket?.take()
    this.#requests += 1
    hold.keepAppPlace(this)
  }

  #fullBecause(): Reason | undefined {
    const { maxRequestsInFlight = Infinity } = this.#limits
    if (this.#requests >= maxRequestsInFlight) return 'app_requests_full'
    const mayEnter = this.#bucket?.has(this.#monotonicMs()) ?? true
    return mayEnter ? undefined : 'app_rate_exceeded'
  }

  /** The rate needs a timer to admit the next call, while a place becomes free only when a call ends. */
  #awaitNextTurn(): void {
    clearTimeout(this.#nextTurn)
    this.#nextTurn = undefined
    if (this.#waiting.size === 0 || this.#fullBecause() !== 'app_rate_exceeded') return
    const ms = this.#bucket?.msUntilNext(this.#monotonicMs()) ?? 0
    this.#nextTurn = setTimeout(() => {
      this.#letThrough()
    }, ms)
  }
}
