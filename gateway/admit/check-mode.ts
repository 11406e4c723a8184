/**
 * Applies a check's mode. `enforce`: its refusal stands. `report`: the refusal is noted and the request
 * goes on without the check's result. `off`: it is not run.
 */
import type { Facts, ReportOnlyReason } from './facts.ts'
import type { CheckMode } from './policy.ts'
import { pass, type Verdict } from './verdict.ts'

/** Runs a check unless it is off. */
export function applyMode<T>(
  mode: CheckMode,
  facts: Facts,
  check: () => Verdict<T>,
): Verdict<T | undefined> {
  return mode === 'off' ? pass(undefined) : applyModeTo(mode, facts, check())
}

/** The same for a check that has run already. */
export function applyModeTo<T>(
  mode: CheckMode,
  facts: Facts,
  verdict: Verdict<T>,
): Verdict<T | undefined> {
  if (verdict.ok || mode === 'enforce') return verdict
  if (mode === 'report') note(facts, verdict.reason)
  return pass(undefined)
}

export function note(facts: Facts, reason: ReportOnlyReason): void {
  const { reportOnly = [] } = facts
  // Freshness is looked at twice and counts once.
  if (!reportOnly.includes(reason)) facts.reportOnly = [...reportOnly, reason]
}
