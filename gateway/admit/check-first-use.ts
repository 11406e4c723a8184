/**
 * Fresh and not used before, on one reading of the clock: a request whose body came slowly could
 * otherwise outlive its own claim, and its twin be admitted too.
 */
import { ageSeconds, checkFreshness } from './checks/freshness.ts'
import { applyMode, applyModeTo, note } from './check-mode.ts'
import type { Admission } from './context.ts'
import type { CheckModes } from './policy.ts'
import { pass, type Verdict } from './verdict.ts'

type Modes = Pick<CheckModes, 'freshness' | 'replay'>

/** @param claim claims the signature, at the time that it is given. */
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

/** Looked at on the head first, which is a cheap refusal. */
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
