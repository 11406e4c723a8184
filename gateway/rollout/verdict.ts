/** Whether a check can be enforced, by what it has seen in report mode. */
import { judgedKinds, type RequestKind } from './check-rows.ts'
import type { CheckSeen, RefusalSeen, RouteSeen } from './seen.ts'

export type Verdict = 'safe' | 'not_yet' | 'too_little_traffic'

export interface Thresholds {
  /** Function calls, re-entries or requests that have to pass a check that judges them. */
  readonly minRequests: number
  readonly minSyncs: number
  readonly minPeriodMs: number
  /** Reasons whose refusals the operator intends. */
  readonly accepted: ReadonlySet<string>
}

/**
 * No failure in 1,000 requests means, with 95 % confidence, that fewer than 0.3 % fail (rule of three). A day,
 * since traffic follows it. One sync, since a server makes all of an app alike.
 */
export const defaultThresholds: Omit<Thresholds, 'accepted'> = {
  minRequests: 1000,
  minSyncs: 1,
  minPeriodMs: 86_400_000,
}

/** Inngest Cloud tries the keys of its environments one after the other on an introspection. */
const EXPECTED: ReadonlySet<string> = new Set(['introspection_mismatch'])

export interface CheckVerdict {
  readonly verdict: Verdict
  /** Why not yet. */
  readonly blocking: readonly RefusalSeen[]
  /** Of what too little was seen. */
  readonly missing: readonly Missing[]
}

export interface Missing {
  readonly what: RequestKind | 'period'
  /** Milliseconds of a period, otherwise a count. */
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

/** The worst of several: a rollout is as far as its last check. */
export function worstOf(all: readonly Verdict[]): Verdict {
  if (all.includes('not_yet')) return 'not_yet'
  return all.includes('too_little_traffic') ? 'too_little_traffic' : 'safe'
}

function missingIn(
  policy: RouteSeen['policy'],
  { check, passed, firstMs, lastMs }: CheckSeen,
  { minRequests, minSyncs, minPeriodMs }: Thresholds,
): readonly Missing[] {
  // There is nothing to enforce on this route: the check is of another one.
  if (check === 'other') return []
  const counts = judgedKinds(policy, check).map((what) => ({
    what,
    seen: passed[what] ?? 0,
    needed: what === 'sync' ? minSyncs : minRequests,
  }))
  const period = { what: 'period', seen: lastMs - firstMs, needed: minPeriodMs } as const
  return [...counts, period].filter(({ seen, needed }) => seen < needed)
}
