/**
 * Applies a check's mode. `enforce`: its refusal stands. `report`: the refusal is noted and the request
 * goes on without the check's result. `off`: it is not run.
 */
import type { Findings, ReportedReason } from './facts.ts'
import type { CheckMode } from './policy.ts'
import { pass, type Verdict } from './verdict.ts'

/** Runs a check unless it is off. */
export function moderate<T>(
  mode: CheckMode,
  findings: Findings,
  check: () => Verdict<T>,
): Verdict<T | undefined> {
  return mode === 'off' ? pass(undefined) : settle(mode, findings, check())
}

/** The same for a check that has run already. */
export function settle<T>(
  mode: CheckMode,
  findings: Findings,
  verdict: Verdict<T>,
): Verdict<T | undefined> {
  if (verdict.ok || mode === 'enforce') return verdict
  if (mode === 'report') note(findings, verdict.reason)
  return pass(undefined)
}

export function note(findings: Findings, reason: ReportedReason): void {
  const { reported = [] } = findings
  // Freshness is looked at twice and counts once.
  if (!reported.includes(reason)) findings.reported = [...reported, reason]
}
