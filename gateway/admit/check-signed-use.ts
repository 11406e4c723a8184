/** What a verified signature may be used for, whatever else is unsigned in the request. */
import { checkAgreement } from './check-agreement.ts'
import type { PairLesson } from './checks/function-id.ts'
import { checkSyncBody, checkSyncUrl, originOfOtherScheme, readSyncUrl } from './checks/sync-use.ts'
import { isCallOfLegacyServer, type SignedRequest } from './claim-signature.ts'
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
  // Whatever the modes: what is checked, claimed and logged has to be what the app does.
  if (parameters.isAmbiguous) return refuse('target_ambiguous')
  if (method === 'PUT') return checkSignedSync(judging, route, signedBody)
  if (method !== 'POST' || isTrustProbe(method, parameters)) return pass(undefined)
  if (signedBody.byteLength > 0) return checkAgreement(judging, route, signed, form)
  return moderate(route.checks.runId, findings, () => refuse('call_body_missing'))
}

async function checkSignedSync(
  judging: Judging,
  route: InngestRoutePolicy,
  body: SignedRequest['signedBody'],
): Promise<Verdict<undefined>> {
  const { findings } = judging
  // Its claim as a call has the step in it, and would not stop a second use as a sync.
  const isCall = await isCallOfLegacyServer(judging, route, body)
  if (!isCall.ok) return isCall
  if (isCall.value) return refuse('sync_url_foreign')
  const { syncBody, syncUrl } = route.checks
  const whole = moderate(syncBody, findings, () => checkSyncBody(body))
  if (!whole.ok || body.byteLength === 0) return whole
  const url = readSyncUrl(body)
  findings.registeredOrigin = originOfOtherScheme(url, route)
  return moderate(syncUrl, findings, () => checkSyncUrl(url, route))
}
