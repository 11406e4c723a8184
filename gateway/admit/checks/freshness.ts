/** Checks that a signature is neither too old nor too far ahead. Both bounds are inclusive. */
import type { FreshnessPolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

/** @param nowMs Unix milliseconds. @returns the signature's age in seconds, negative if ahead. */
export function checkFreshness(
  timestampSeconds: number,
  freshness: FreshnessPolicy,
  nowMs: number,
): Verdict<number> {
  const age = ageSeconds(timestampSeconds, nowMs)
  if (age > freshness.maxAgeSeconds) return refuse('timestamp_too_old')
  if (age < -freshness.clockToleranceSeconds) return refuse('timestamp_in_future')
  return pass(age)
}

/** In whole seconds, like the sender's timestamp: a signature is 300 s old until 301 s have passed. */
export function ageSeconds(timestampSeconds: number, nowMs: number): number {
  return Math.floor(nowMs / 1000) - timestampSeconds
}
