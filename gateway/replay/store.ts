/**
 * The contract of a replay store: an atomic first use of a key, remembered until it expires. After
 * an app's 307 or 308 Inngest repeats the call with the same signature, so a spent key can be made
 * usable once more, for one target. A request of which no byte reached the app gives back what it took.
 */
import { randomInt } from 'node:crypto'

import type { ReplayClaim, ReplayOutcome } from '../admit/facts.ts'
import type { PairStore } from '../pairs/pair-store.ts'

export interface Claim extends ReplayClaim {
  /**
   * Which request claims: only it can release what it took. A 31-bit number, unique within a process;
   * a store that replicas share adds which replica it is.
   */
  readonly owner: number
}

/**
 * `followed_before` is a `duplicate` of which the store knows that the target of a redirect has used it;
 * not every store can tell.
 */
export type ClaimOutcome = ReplayOutcome | 'followed_before'

/** Inngest follows as many (inngest `exechttp.go` MaxRedirects). */
export const MAX_REDIRECTS = 60

/**
 * Requests that may share one MAC, which bounds how often a captured one can be sent with other ids. Inngest
 * has at most 1,000 steps in a run (inngest `consts.go` DefaultMaxStepLimit).
 */
export const MAX_SHARED_CLAIMS = 1000

/** What the gateways that share a store know together. */
export interface Stores {
  readonly replay: ReplayStore
  readonly pairs: PairStore
}

export interface ReplayStore {
  /**
   * Claims the key, and with it the MAC that it shares: `other_kind` if that is claimed for another kind of
   * request, or alone; `too_many` if `MAX_SHARED_CLAIMS` keys share it already.
   * @param target names what is called (inngest/redirect-target.ts); asked for only where the key is
   * spent already.
   * @param nowMs the clock reading of the freshness check, Unix milliseconds.
   * @throws if the store cannot be asked, or not in time.
   */
  claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome>
  /**
   * Lets a spent key be claimed once more, by a call of exactly this target.
   * @returns false if the key was made usable again `MAX_REDIRECTS` times already, or is not spent.
   */
  rearm(claim: Claim, target: string, nowMs: number): Promise<boolean>
  /**
   * Undoes a claim, for a request of which no byte reached the app.
   * @param followed the target, if the outcome was `followed`: exactly this may use the key once more,
   * as before. Undefined if it was `claimed`: the key is forgotten.
   * @returns false if this owner was not the last to use the key; nothing changes then.
   * @throws if the store cannot be asked, or not in time.
   */
  release(claim: Claim, followed: string | undefined, nowMs: number): Promise<boolean>
  /**
   * Whether a request has claimed this MAC, alone or with others. It changes nothing. True also for a signature
   * of before the store remembers.
   * @throws if the store cannot be asked, or not in time.
   */
  isClaimed(mac: Uint8Array, timestampSeconds: number, nowMs: number): Promise<boolean>
  /** Live and not yet swept claims; undefined where they are not counted. */
  readonly entries: number | undefined
  readonly capacity: number | undefined
  /** Undefined when it can be asked, otherwise why not. */
  readonly unavailableBecause: string | undefined
  /** Signatures of an earlier second are refused, as far as is known; Unix seconds. */
  readonly remembersFromSeconds: number
  close(): Promise<void>
}

/* Numbers the requests of this process, so that each can release its own claim only. */

/** V8 keeps a number of 31 bits where a pointer would be, so an owner costs the memory store no object. */
const OWNERS = 2 ** 31

// Workers share one memory: their numbers begin far apart.
let last = randomInt(OWNERS)

export function nextOwner(): number {
  last = (last + 1) % OWNERS
  return last
}

/**
 * When an answer is late. A process that was busy itself finds timers that have run out before it
 * reads what has long been there, so that is read once more first.
 */
export function setReplyTimeout(afterMs: number, onLate: () => void): NodeJS.Timeout {
  return setTimeout(() => {
    setImmediate(onLate)
  }, afterMs).unref()
}
