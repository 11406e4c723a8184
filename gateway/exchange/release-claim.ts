/**
 * Releases the claim of a request if no byte of it reached the app, so that a proxy in front can try another
 * replica with the same signature without being refused as a replay.
 */
import type { AdmittedRequest } from '../admit/admit.ts'
import { splitTarget } from '../admit/checks/route.ts'
import { targetName } from '../inngest/redirect-target.ts'
import type { Exchange } from './exchange.ts'
import type { ExchangeDeps } from './deps.ts'

/**
 * To be called before the response, because a retry may follow it at once. The store limits the wait. Never
 * rejects.
 */
export async function releaseClaim(
  { head, host }: Pick<AdmittedRequest, 'head' | 'host'>,
  { facts, owner }: Exchange,
  { replay, clock }: Pick<ExchangeDeps, 'replay' | 'clock'>,
): Promise<void> {
  const { claimed, claim } = facts
  if (claimed === undefined) return
  const followed =
    claim === 'followed'
      ? targetName({ method: head.method, host, ...splitTarget(head.target) })
      : undefined
  try {
    const isReleased = await replay.release({ ...claimed, owner }, followed, clock.nowMs())
    facts.release = isReleased ? 'released' : 'not_released'
  } catch {
    // The signature stays spent, as if the app had been called. Inngest signs its next attempt anew.
    facts.release = 'not_released'
  }
}
