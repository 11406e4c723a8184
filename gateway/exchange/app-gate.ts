/**
 * Lets function calls through to one app, as many and as fast as the `limits` of its route allow. The others
 * wait in line, first in, first out.
 */
import type { RouteLimitsPolicy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import type { Hold } from './capacity.ts'
import { TokenBucket } from './token-bucket.ts'

/** What all lines together hold. */
export interface WaitingRoom {
  /** @returns false if there is no room for one more, with a body of so many bytes. */
  enter(bytes: number): boolean
  leave(bytes: number): void
}

interface Waiter {
  readonly hold: Hold
  /** @param refusal undefined if it is its turn. */
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

  /** Those of a new configuration, for the calls that wait, too. */
  setLimits(limits: RouteLimitsPolicy): void {
    if (limits === this.#limits) return
    const { rate } = limits
    this.#limits = limits
    if (rate === undefined) this.#bucket = undefined
    else if (this.#bucket === undefined) this.#bucket = new TokenBucket(rate, this.#monotonicMs())
    else this.#bucket.setRate(rate, this.#monotonicMs())
    this.#letThrough()
  }

  /** @returns whether the call may go on at once. Its hold then has the place. */
  tryEnter(hold: Hold): boolean {
    if (this.#waiting.size > 0 || this.#fullBecause() !== undefined) return false
    this.#admit(hold)
    return true
  }

  /**
   * For a call that could not enter. It has its place from the moment on in which it is its turn, whether or not
   * the client is still there to hear of it.
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

  /** A call that had a place has ended. */
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

  /** The rate lets the next one through by itself, while a place becomes free only when a call ends. */
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
