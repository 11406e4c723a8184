/**
 * Detects drift between this clock and Inngest's from the ages of verified signatures, before requests are
 * refused for it. Normal ages are 0 to 2 s.
 */
import type { FreshnessPolicy } from '../admit/policy.ts'

/** One sentence for the operator. */
export const clockStates = {
  unknown: 'Too few signatures were verified recently to compare the clocks.',
  steady: 'The clock of this machine agrees with the clock of Inngest.',
  ahead:
    'Signatures arrive old: the clock of this machine is ahead of the clock of Inngest, or requests are delayed on the way.',
  behind:
    'Signatures are dated in the future: the clock of this machine is behind the clock of Inngest.',
} as const satisfies Record<string, string>

export type ClockState = keyof typeof clockStates

export interface ClockChange {
  readonly from: ClockState
  readonly to: ClockState
  /** Median age in seconds; undefined if there are too few signatures. */
  readonly medianSeconds: number | undefined
}

/** Odd, so that the median is one of the ages. */
const MAX_SAMPLES = 101
const MIN_SAMPLES = 10
const WINDOW_MS = 600_000

/** Sorting is too costly for every request. */
const JUDGE_EVERY_MS = 5000

/** The share of the allowed age that triggers the warning. Below half of it, the clock counts as steady again. */
const ALARM_SHARE = 0.1
/** Above normal ages. */
const MIN_AHEAD_SECONDS = 3
const MIN_BEHIND_SECONDS = 1

export class ClockDrift {
  readonly #freshness: () => FreshnessPolicy
  readonly #ages = new Float64Array(MAX_SAMPLES)
  /** When each age was added, in monotonic milliseconds. */
  readonly #addedAtMs = new Float64Array(MAX_SAMPLES).fill(-Infinity)
  #next = 0
  #judgedAtMs = -Infinity
  #state: ClockState = 'unknown'

  /** @param freshness is called each time, because a reload may change it. */
  constructor(freshness: () => FreshnessPolicy) {
    this.#freshness = freshness
  }

  get state(): ClockState {
    return this.#state
  }

  /**
   * Counts one admitted request. Refused requests must not be counted: replayed old captures would make this
   * clock look ahead.
   * @param ageSeconds negative if the signature is ahead of this clock.
   * @param nowMs monotonic milliseconds.
   * @returns the change of state, if there is one.
   */
  add(ageSeconds: number, nowMs: number): ClockChange | undefined {
    this.#ages[this.#next] = ageSeconds
    this.#addedAtMs[this.#next] = nowMs
    this.#next = (this.#next + 1) % MAX_SAMPLES
    if (nowMs - this.#judgedAtMs < JUDGE_EVERY_MS) return undefined
    this.#judgedAtMs = nowMs
    return this.#judge(nowMs)
  }

  /** @returns undefined if there are too few signatures from the last ten minutes. */
  medianSeconds(nowMs: number): number | undefined {
    const recent = this.#ages.filter((_, i) => nowMs - (this.#addedAtMs[i] ?? 0) <= WINDOW_MS)
    if (recent.length < MIN_SAMPLES) return undefined
    return recent.sort()[recent.length >> 1]
  }

  #judge(nowMs: number): ClockChange | undefined {
    const medianSeconds = this.medianSeconds(nowMs)
    const from = this.#state
    this.#state = medianSeconds === undefined ? 'unknown' : this.#stateAt(medianSeconds)
    return from === this.#state ? undefined : { from, to: this.#state, medianSeconds }
  }

  #stateAt(medianSeconds: number): ClockState {
    const { maxAgeSeconds, clockToleranceSeconds } = this.#freshness()
    const aheadSeconds = Math.max(MIN_AHEAD_SECONDS, maxAgeSeconds * ALARM_SHARE)
    const behindSeconds = Math.max(MIN_BEHIND_SECONDS, clockToleranceSeconds * ALARM_SHARE)
    const share = (state: ClockState) => (this.#state === state ? 0.5 : 1)
    if (medianSeconds > aheadSeconds * share('ahead')) return 'ahead'
    if (-medianSeconds > behindSeconds * share('behind')) return 'behind'
    return 'steady'
  }
}
