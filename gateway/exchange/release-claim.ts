/**
 * Gives back what a request had spent, if no byte of it reached the app: a proxy in front that tries
 * another replica, with the same signature, is not refused as a replay.
 */
import type { AdmittedRequest } from '../admit/admit.ts'
import { splitTarget } from '../admit/checks/route.ts'
import { targetName } from '../inngest/redirect-target.ts'
import type { Exchange } from './exchange.ts'
import type { ExchangeDeps } from './deps.ts'

/** To be called before the answer, which a retry may follow at once. The store bounds the wait. Never rejects. */
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
    // It stays spent, as if the app had been called: the call that comes again is signed anew.
    facts.release = 'not_released'
  }
}
