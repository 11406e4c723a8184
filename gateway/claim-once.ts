/** The last step before a request is let in: what it was signed with is spent. */
import { claimKey, type ClaimSubject } from './inngest/claim-key.ts'
import { targetName } from './inngest/redirect-target.ts'
import type { Judging } from './judging.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

/** If its kind of request is claimed at all. */
export async function claimOnce(
  { policy, effects, findings }: Judging,
  subject: ClaimSubject,
  timestampSeconds: number,
  nowMs: number,
): Promise<Verdict<undefined>> {
  const key = claimKey(subject, policy.replay.strict)
  if (!key.ok) return key
  if (key.value === undefined) return pass(undefined)
  const { maxAgeSeconds, clockToleranceSeconds } = policy.freshness
  const expiresAtSeconds = timestampSeconds + maxAgeSeconds + clockToleranceSeconds
  const claim = { key: key.value, timestampSeconds, expiresAtSeconds }
  const outcome = await effects.claim(claim, () => targetName(subject), nowMs)
  findings.claim = outcome
  if (outcome !== 'claimed' && outcome !== 'followed') return refuse(claimRefusals[outcome])
  findings.claimed = claim
  return pass(undefined)
}

const claimRefusals = {
  duplicate: 'replayed',
  full: 'replay_cache_full',
  before_start: 'timestamp_before_start',
} as const
