/** Whether a signature is neither too old nor too far ahead. Both bounds are inclusive. */
import type { FreshnessPolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

/** @param nowMs Unix milliseconds. @returns the signature's age in seconds, negative if ahead. */
export function checkFreshness(
  timestampSeconds: number,
  freshness: FreshnessPolicy,
  nowMs: number,
): Verdict<number> {
  // Whole seconds, as the sender's clock was read: a signature is 300 s old until 301 have passed.
  const ageSeconds = Math.floor(nowMs / 1000) - timestampSeconds
  if (ageSeconds > freshness.maxAgeSeconds) return refuse('timestamp_too_old')
  if (ageSeconds < -freshness.clockToleranceSeconds) return refuse('timestamp_too_new')
  return pass(ageSeconds)
}
