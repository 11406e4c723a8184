/** What a verified signature may be used for, whatever else is unsigned in the request. */
import { checkAgreement } from './check-agreement.ts'
import type { PairLesson } from './checks/function-id.ts'
import { checkSyncBody, checkSyncUrl, originOfOtherScheme, readSyncUrl } from './checks/sync-use.ts'
import type { SignedRequest } from './claim-signature.ts'
import type { Findings } from './facts.ts'
import { isTrustProbe } from '../inngest/call-parameters.ts'
import type { Judging } from './context.ts'
import { moderate } from './check-mode.ts'
import type { InngestRoutePolicy } from './policy.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

/**
 * A signature does not cover the method. That of a GET, which is made over no body and never claimed,
 * must not open anything else.
 * @param form of the body that the signature covers.
 * @returns what a function call teaches once its signature is claimed, if it teaches anything.
 */
export async function checkSignedUse(
  judging: Judging,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Promise<Verdict<PairLesson | undefined>> {
  const { method, parameters, signedBody } = signed
  const { findings } = judging
  if (method === 'PUT') return checkSignedSync(signedBody, route, findings)
  if (method !== 'POST' || isTrustProbe(method, parameters)) return pass(undefined)
  if (signedBody.byteLength > 0) return checkAgreement(judging, route, signed, form)
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
  const url = readSyncUrl(body)
  findings.registeredOrigin = originOfOtherScheme(url, route)
  return moderate(syncUrl, findings, () => checkSyncUrl(url, route))
}
