/** The two clocks: for the time of day, and for durations. Tests replace them. */

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
