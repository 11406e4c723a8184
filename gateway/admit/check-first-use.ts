/**
 * Checks freshness and first use with one reading of the clock. With two readings, a request with a slow body
 * could be admitted after its claim expires, and so could its copy.
 */
import { ageSeconds, checkFreshness } from './checks/freshness.ts'
import { applyMode, applyModeTo, note } from './check-mode.ts'
import type { Admission } from './context.ts'
import type { CheckModes } from './policy.ts'
import { pass, type Verdict } from './verdict.ts'

type Modes = Pick<CheckModes, 'freshness' | 'replay'>

/** @param claim claims the signature at the given time. */
export async function checkFirstUse(
  admission: Admission,
  checks: Modes,
  timestampSeconds: number,
  claim: (nowMs: number) => Promise<Verdict<undefined>>,
): Promise<Verdict<unknown>> {
  const { facts } = admission
  const nowMs = admission.effects.nowMs()
  const fresh = checkAge(admission, checks, timestampSeconds, nowMs)
  if (!fresh.ok || checks.replay === 'off') return fresh
  try {
    return applyModeTo(checks.replay, facts, await claim(nowMs))
  } catch (error) {
    if (checks.replay === 'enforce') throw error
    note(facts, 'replay_store_unavailable')
    return pass(undefined)
  }
}

/** Checked on the head first, because that refusal is cheap. */
export function checkAge(
  { policy, facts }: Admission,
  { freshness }: Pick<CheckModes, 'freshness'>,
  timestampSeconds: number,
  nowMs: number,
): Verdict<number | undefined> {
  facts.signatureAgeSeconds = ageSeconds(timestampSeconds, nowMs)
  return applyMode(freshness, facts, () =>
    checkFreshness(timestampSeconds, policy.freshness, nowMs),
  )
}
