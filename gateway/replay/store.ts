/**
 * The contract of a replay store. A claim is the first use of a key: it is atomic and remembered until it
 * expires. After an app's 307 or 308 Inngest repeats the call with the same signature, so a spent key can
 * be made usable once more, for one target. A request of which no byte reached the app releases its claim.
 */
import { randomInt } from 'node:crypto'

import type { ReplayClaim, ReplayOutcome } from '../admit/facts.ts'
import type { PairStore } from '../pairs/pair-store.ts'

export interface Claim extends ReplayClaim {
  /**
   * The request that claims; only this request can release the claim. A 31-bit number, unique within a
   * process. A store that replicas share adds the replica.
   */
  readonly owner: number
}

/**
 * `followed_before` is a `duplicate` that the target of a redirect has already used. Not every store can
 * distinguish the two.
 */
export type ClaimOutcome = ReplayOutcome | 'followed_before'

/** The number of redirects that Inngest follows (inngest `exechttp.go` MaxRedirects). */
export const MAX_REDIRECTS = 60

/**
 * The most requests that may share one MAC. This bounds how often a captured MAC can be sent with other
 * ids. Inngest has at most 1,000 steps in a run (inngest `consts.go` DefaultMaxStepLimit).
 */
export const MAX_SHARED_CLAIMS = 1000

/** The state that gateways share if they use one store. */
export interface Stores {
  readonly replay: ReplayStore
  readonly pairs: PairStore
}

export interface ReplayStore {
  /**
   * Claims the key, and the MAC that it shares with other keys, if it shares one. The outcome is `other_kind`
   * if the MAC is claimed for another kind of request or for one request alone, and `too_many` if
   * `MAX_SHARED_CLAIMS` keys share it already.
   * @param target returns the name of the target (inngest/redirect-target.ts); called only if the key is
   * spent.
   * @param nowMs the clock reading of the freshness check, Unix milliseconds.
   * @throws if the store is unavailable or does not reply in time.
   */
  claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome>
  /**
   * Allows a spent key to be claimed once more, by a call of exactly this target.
   * @returns false if the key was made usable again `MAX_REDIRECTS` times already, or is not spent.
   */
  rearm(claim: Claim, target: string, nowMs: number): Promise<boolean>
  /**
   * Undoes a claim, for a request of which no byte reached the app.
   * @param followed the target, if the outcome was `followed`: this target may use the key once more.
   * Undefined if the outcome was `claimed`: the key becomes unclaimed.
   * @returns false if this owner was not the last to use the key; nothing changes then.
   * @throws if the store is unavailable or does not reply in time.
   */
  release(claim: Claim, followed: string | undefined, nowMs: number): Promise<boolean>
  /**
   * Whether a request has claimed this MAC, alone or with others. Changes nothing. True also for a signature from
   * a second of which claims may be lost.
   * @throws if the store is unavailable or does not reply in time.
   */
  isClaimed(mac: Uint8Array, timestampSeconds: number, nowMs: number): Promise<boolean>
  /** The number of claims in memory, some of them expired; undefined where they are not counted. */
  readonly entries: number | undefined
  readonly capacity: number | undefined
  /** Why the store cannot be used; undefined if it can. */
  readonly unavailableBecause: string | undefined
  /** Signatures of an earlier second are refused, since their claims may be lost. Unix seconds. */
  readonly remembersFromSeconds: number
  close(): Promise<void>
}

/* Numbers the requests of this process, so that each can release its own claim only. */

/** V8 stores a 31-bit integer in place of a pointer, so an owner costs the memory store no object. */
const OWNERS = 2 ** 31

// Workers share one store, so that their numbers begin far apart.
let last = randomInt(OWNERS)

export function nextOwner(): number {
  last = (last + 1) % OWNERS
  return last
}

/**
 * A timeout for a reply. After a busy period, a process runs expired timers before it reads replies that
 * have already arrived, so `onLate` is called only after one more read.
 */
export function setReplyTimeout(afterMs: number, onLate: () => void): NodeJS.Timeout {
  return setTimeout(() => {
    setImmediate(onLate)
  }, afterMs).unref()
}
