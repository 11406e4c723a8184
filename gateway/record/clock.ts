/** The two clocks: what time it is, and how long something took. Tests hand in their own. */

export interface Clock {
  /** Unix milliseconds; may step. */
  nowMs(): number
  /** Milliseconds from an arbitrary start; never steps back. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
