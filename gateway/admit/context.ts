/** What it takes to judge a request. */
import type { Body } from '../inngest/body.ts'
import type { FunctionPair, PairLesson } from './checks/function-id.ts'
import type { RequestHead } from './request-head.ts'
import type { Facts, ReplayClaim, ReplayOutcome } from './facts.ts'
import type { Policy, RoutePolicy } from './policy.ts'
import type { Verdict } from './verdict.ts'

export interface Admission {
  readonly head: RequestHead
  readonly policy: Policy
  readonly delivery: Delivery
  readonly effects: Effects
  /** Filled in on the way. */
  readonly facts: Facts
}

/** How the app gets a request that is admitted: `inline`, the gateway forwards it. */
export type Delivery = 'inline' | ExternalDelivery

/** A proxy that asked for authorization forwards the request, as the proxy received it. */
export interface ExternalDelivery {
  /** Lower-case names of the headers that the gateway would strip and this proxy would forward. */
  readonly fieldsLeft: (route: RoutePolicy) => readonly string[]
}

/** The steps that touch the world. */
export interface Effects {
  /** Unix milliseconds. */
  readonly nowMs: () => number
  /**
   * Takes on a request whose head has passed, with one of the places for requests in flight on such
   * a route. Refused if none is left.
   * @param isOpen any client may send it: nothing of it is to be verified.
   */
  readonly enter: (route: RoutePolicy, isOpen: boolean) => Verdict<undefined>
  readonly readBody: () => Promise<Verdict<Body>>
  /**
   * The canonical form of JSON, off the event loop if it is long; undefined if there is none.
   * @param mayRound false if a number that the canonical form rounds means that there is none.
   */
  readonly canonicalize: (
    body: Uint8Array,
    mayRound: boolean,
  ) => Promise<Verdict<Uint8Array | undefined>>
  /**
   * The same for reading members out of bytes whose signature is verified. The app gets them as they came, so
   * numbers may be rounded. Never refused for want of room.
   */
  readonly canonicalizeToRead: (body: Uint8Array) => Promise<Verdict<Uint8Array | undefined>>
  /**
   * Spends a key, atomically. Throws a fault if the store cannot be asked.
   * @param target what is called, for a key that a redirect made usable again.
   */
  readonly claim: (
    claim: ReplayClaim,
    target: () => string,
    nowMs: number,
  ) => Promise<ReplayOutcome>
  readonly pairs: FunctionPairs
}

/** Which `fnId` belongs to which signed `ctx.fn_id`, by `pairKey`. */
export interface FunctionPairs {
  /** A known pair that this process remembers; undefined says nothing. */
  recall(key: string): FunctionPair | undefined
  /** Asks the store. Throws a fault if the store is unavailable. */
  find(key: string): Promise<FunctionPair | undefined>
  /** Never fails: the signature is claimed already, and the next call teaches the same. */
  learn(lesson: PairLesson): Promise<void>
}
