/** Decides whether a check can be enforced, by its observations in report mode. */
import { judgedKinds, type RequestKind } from './check-rows.ts'
import type { CheckSeen, RefusalSeen, RouteSeen } from './seen.ts'

export type Verdict = 'safe' | 'not_yet' | 'too_little_traffic'

export interface Thresholds {
  /** The number of function calls, re-entries or requests that must have passed a check that judges them. */
  readonly minRequests: number
  readonly minSyncs: number
  readonly minPeriodMs: number
  /** Reasons for which the operator intends refusals. */
  readonly accepted: ReadonlySet<string>
}

/**
 * No failure in 1,000 requests means, with 95 % confidence, that fewer than 0.3 % fail (rule of three). A day,
 * because traffic varies within it. One sync, because a server makes all syncs of an app alike.
 */
export const defaultThresholds: Omit<Thresholds, 'accepted'> = {
  minRequests: 1000,
  minSyncs: 1,
  minPeriodMs: 86_400_000,
}

/** Inngest Cloud tries the keys of its environments in turn on an introspection. */
const EXPECTED: ReadonlySet<string> = new Set(['introspection_mismatch'])

export interface CheckVerdict {
  readonly verdict: Verdict
  /** The refusals that block the check from being enforced. */
  readonly blocking: readonly RefusalSeen[]
  /** The kinds of observations with too small a number. */
  readonly missing: readonly Missing[]
}

export interface Missing {
  readonly what: RequestKind | 'period'
  /** Milliseconds for a period, otherwise a count. */
  readonly seen: number
  readonly needed: number
}

export function judgeCheck(
  policy: RouteSeen['policy'],
  seen: CheckSeen,
  thresholds: Thresholds,
): CheckVerdict {
  const { accepted } = thresholds
  const blocking = seen.refusals.filter(
    ({ reason, count }) => count > 0 && !accepted.has(reason) && !EXPECTED.has(reason),
  )
  const missing = missingIn(policy, seen, thresholds)
  if (blocking.length > 0) return { verdict: 'not_yet', blocking, missing }
  const verdict = missing.length > 0 ? 'too_little_traffic' : 'safe'
  return { verdict, blocking, missing }
}

/** The worst of several verdicts: a rollout has advanced as far as its last check. */
export function worstOf(all: readonly Verdict[]): Verdict {
  if (all.includes('not_yet')) return 'not_yet'
  return all.includes('too_little_traffic') ? 'too_little_traffic' : 'safe'
}

function missingIn(
  policy: RouteSeen['policy'],
  { check, passed, firstMs, lastMs }: CheckSeen,
  { minRequests, minSyncs, minPeriodMs }: Thresholds,
): readonly Missing[] {
  // The check belongs to another route, so nothing can be enforced on this one.
  if (check === 'other') return []
  const counts = judgedKinds(policy, check).map((what) => ({
    what,
    seen: passed[what] ?? 0,
    needed: what === 'sync' ? minSyncs : minRequests,
  }))
  const period = { what: 'period', seen: lastMs - firstMs, needed: minPeriodMs } as const
  return [...counts, period].filter(({ seen, needed }) => seen < needed)
}
