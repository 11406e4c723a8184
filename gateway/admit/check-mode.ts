/**
 * Applies the mode of a check. `enforce`: its refusal stands. `report`: the refusal is recorded and the request
 * continues without the result of the check. `off`: the check is not run.
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

/** Applies a mode to a check that has run already. */
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
  // Freshness is checked twice but reported once.
  if (!reportOnly.includes(reason)) facts.reportOnly = [...reportOnly, reason]
}
