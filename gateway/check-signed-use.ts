/** What a verified signature may be used for, whatever else is unsigned in the request. */
import { checkSyncBody, checkSyncUrl } from './checks/sync-use.ts'
import type { SignedRequest } from './claim-once.ts'
import type { Findings } from './findings.ts'
import { isTrustProbe } from './inngest/call-parameters.ts'
import { moderate } from './moderate.ts'
import type { InngestRoutePolicy } from './policy.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

/**
 * A signature does not cover the method. That of a GET, which is made over no body and never claimed,
 * must not open anything else.
 */
export function checkSignedUse(
  { method, parameters, signedBody }: SignedRequest,
  route: InngestRoutePolicy,
  findings: Findings,
): Verdict<undefined> {
  if (method === 'PUT') return checkSignedSync(signedBody, route, findings)
  const isCall = method === 'POST' && !isTrustProbe(method, parameters)
  if (!isCall || signedBody.byteLength > 0) return pass(undefined)
  return moderate(route.checks.runId, findings, () => refuse('call_body_missing'))
}

function checkSignedSync(
  body: SignedRequest['signedBody'],
  route: InngestRoutePolicy,
  findings: Findings,
): Verdict<undefined> {
  const { syncBody, syncUrl } = route.checks
  const whole = moderate(syncBody, findings, () => checkSyncBody(body))
  if (!whole.ok || body.byteLength === 0) return whole
  return moderate(syncUrl, findings, () => checkSyncUrl(body, route))
}
