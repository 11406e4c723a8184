/** Counts for each of the last minutes. */
import { decisions, type Decision } from '../../record/request-record.ts'
import { ageBoundsSeconds, type Minute } from './status.ts'

export const KEPT_MINUTES = 15
const MINUTE_MS = 60_000

interface Counting {
  readonly minute: number
  readonly decisions: Record<Decision, number>
  /** Bounded by the number of reasons in the tables of reasons and faults. */
  readonly reasons: Map<string, number>
  readonly ages: number[]
}

export class Minutes {
  readonly #slots: Counting[] = []

  /** @param ageSeconds of the signature of an admitted request. */
  add(nowMs: number, decision: Decision, reason: string, ageSeconds: number | undefined): void {
    const counting = this.#at(Math.floor(nowMs / MINUTE_MS))
    counting.decisions[decision] += 1
    if (decision !== 'admitted') {
      counting.reasons.set(reason, (counting.reasons.get(reason) ?? 0) + 1)
    }
    if (ageSeconds === undefined) return
    const group = groupOf(ageSeconds)
    counting.ages[group] = (counting.ages[group] ?? 0) + 1
  }

  /** All minutes, including empty ones. */
  read(nowMs: number): Minute[] {
    const current = Math.floor(nowMs / MINUTE_MS)
    return Array.from({ length: KEPT_MINUTES }, (_, i) => {
      const minute = current - KEPT_MINUTES + 1 + i
      const kept = this.#slots[slotOf(minute)]
      const counting = kept?.minute === minute ? kept : startCounting(minute)
      return {
        startMs: minute * MINUTE_MS,
        decisions: { ...counting.decisions },
        reasons: Object.fromEntries(counting.reasons),
        ages: [...counting.ages],
      }
    })
  }

  #at(minute: number): Counting {
    const slot = slotOf(minute)
    const kept = this.#slots[slot]
    // The kept minute may be from an earlier round, or from a clock that was ahead.
    if (kept?.minute === minute) return kept
    return (this.#slots[slot] = startCounting(minute))
  }
}

function startCounting(minute: number): Counting {
  const counts = Object.fromEntries(decisions.map((decision) => [decision, 0]))
  return {
    minute,
    decisions: counts as Record<Decision, number>,
    reasons: new Map(),
    ages: noAges(),
  }
}

export function noAges(): number[] {
  return new Array<number>(ageBoundsSeconds.length + 1).fill(0)
}

function groupOf(ageSeconds: number): number {
  const group = ageBoundsSeconds.findIndex((bound) => ageSeconds <= bound)
  return group === -1 ? ageBoundsSeconds.length : group
}

function slotOf(minute: number): number {
  return minute % KEPT_MINUTES
}
