/** Checks what a verified signature may be used for, independent of the unsigned parts of the request. */
import { checkProbe } from './check-agreement.ts'
import { checkCall } from './check-call.ts'
import { appOf, checkApp } from './checks/app.ts'
import type { PairLesson } from './checks/function-id.ts'
import { checkSyncBody, checkSyncUrl, originOfOtherScheme, readSyncUrl } from './checks/sync-use.ts'
import { isCallOfLegacyServer, type SignedRequest } from './claim-signature.ts'
import { isTrustProbe, type CallParameters } from '../inngest/call-parameters.ts'
import type { Admission } from './context.ts'
import { applyMode, applyModeTo } from './check-mode.ts'
import type { InngestRoutePolicy } from './policy.ts'
import { pass, refuse, type Eventual, type Verdict } from './verdict.ts'

/**
 * A signature does not cover the method. The signature of a GET covers no body and is never claimed, so it must
 * be valid for a GET only.
 * @param form of the body that the signature covers.
 * @returns the pair to learn once the signature of a function call is claimed, if there is one.
 */
export function checkSignedUse(
  admission: Admission,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Eventual<PairLesson | undefined> {
  const { method, parameters, signedBody } = signed
  const { facts } = admission
  // In every mode, because the function that is checked, claimed and logged must be the one that the app runs.
  if (parameters.isAmbiguous) return refuse('target_ambiguous')
  if (method === 'PUT') return checkSignedSync(admission, route, signedBody)
  if (method !== 'POST') return pass(undefined)
  if (isTrustProbe(method, parameters)) return checkProbe(admission, signed, form)
  const app = checkServedApp(admission, route, parameters)
  if (!app.ok) return app
  if (signedBody.byteLength > 0) return checkCall(admission, route, signed, form)
  return applyMode(route.checks.runId, facts, () => refuse('call_body_missing'))
}

/** Also records which app the call is for. */
function checkServedApp(
  { facts }: Admission,
  { apps, checks }: InngestRoutePolicy,
  { fnId }: CallParameters,
): Verdict<undefined> {
  if (apps === undefined || checks.app === 'off') return pass(undefined)
  const app = appOf(fnId, apps.known)
  facts.app = app
  return applyModeTo(checks.app, facts, checkApp(app, apps))
}

async function checkSignedSync(
  admission: Admission,
  route: InngestRoutePolicy,
  body: SignedRequest['signedBody'],
): Promise<Verdict<undefined>> {
  const { facts } = admission
  // As a call it would be claimed together with its step, and that claim would not prevent a second use as a
  // sync.
  const isCall = await isCallOfLegacyServer(admission, route, body)
  if (!isCall.ok) return isCall
  if (isCall.value) return refuse('sync_url_mismatch')
  const { syncBody, syncUrl } = route.checks
  const whole = applyMode(syncBody, facts, () => checkSyncBody(body))
  if (!whole.ok || body.byteLength === 0) return whole
  const url = readSyncUrl(body)
  facts.registeredOrigin = originOfOtherScheme(url, route)
  return applyMode(syncUrl, facts, () => checkSyncUrl(url, route))
}
