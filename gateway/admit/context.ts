/** The input of the checks. */
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
  /** Filled in by the checks. */
  readonly facts: Facts
}

/** How the app gets an admitted request. `inline`: the gateway forwards it. */
export type Delivery = 'inline' | ExternalDelivery

/** A proxy requested authorization, and forwards the request as it received it. */
export interface ExternalDelivery {
  /** Lower-case names of the headers that the gateway would strip, but this proxy forwards. */
  readonly fieldsLeft: (route: RoutePolicy) => readonly string[]
}

/** The steps with side effects. */
export interface Effects {
  /** Unix milliseconds. */
  readonly nowMs: () => number
  /**
   * Takes a place in flight for a request whose head has passed the checks. Refuses if none is left.
   * @param isOpen any client may send the request, and nothing in it is verified.
   */
  readonly enter: (route: RoutePolicy, isOpen: boolean) => Verdict<undefined>
  readonly readBody: () => Promise<Verdict<Body>>
  /**
   * The canonical form of JSON, computed off the event loop if it is long; undefined if there is none.
   * @param mayRound if false, a body with a number that the canonical form would round has none.
   */
  readonly canonicalize: (
    body: Uint8Array,
    mayRound: boolean,
  ) => Promise<Verdict<Uint8Array | undefined>>
  /**
   * The same, to read members of a body whose signature is verified. The app gets the received bytes, so
   * numbers may be rounded. Never refused for lack of capacity.
   */
  readonly canonicalizeToRead: (body: Uint8Array) => Promise<Verdict<Uint8Array | undefined>>
  /**
   * Spends a key, atomically. Throws a fault if the store is unavailable.
   * @param target identifies the call target, for a key that a redirect made usable again.
   */
  readonly claim: (
    claim: ReplayClaim,
    target: () => string,
    nowMs: number,
  ) => Promise<ReplayOutcome>
  readonly pairs: FunctionPairs
}

/** The `fnId` for each signed `ctx.fn_id`, by `pairKey`. */
export interface FunctionPairs {
  /** A known pair in local memory. Undefined does not mean that the pair is unknown. */
  recall(key: string): FunctionPair | undefined
  /** Reads the store. Throws a fault if the store is unavailable. */
  find(key: string): Promise<FunctionPair | undefined>
  /** Never fails: the signature is claimed already, and the next call teaches the same pair. */
  learn(lesson: PairLesson): Promise<void>
}
