/** Whether the unsigned parts of a function call agree with its signed body. */
import { callHeaders, checkCallIds, checkRunId } from './checks/agreement.ts'
import { checkFunction } from './check-function.ts'
import type { PairLesson } from './checks/function-id.ts'
import type { SignedRequest } from './claim-signature.ts'
import { readCanonicalCall, readUsualCall, type SignedCall } from '../inngest/signed-call.ts'
import type { Admission } from './context.ts'
import { applyMode } from './check-mode.ts'
import type { InngestRoutePolicy } from './policy.ts'
import { pass, type Verdict } from './verdict.ts'

/** What can be sent in a header as it is. */
const PLAIN_ID = /^[\w.-]{1,128}$/

/**
 * @param signed a function call. @param form of the body that the signature covers.
 * @returns what the call teaches once its signature is claimed, if it teaches anything.
 */
export async function checkAgreement(
  admission: Admission,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Promise<Verdict<PairLesson | undefined>> {
  const { head, facts } = admission
  const { parameters, signedBody } = signed
  const { runId, callIds, functionId } = route.checks
  if (runId === 'off' && callIds === 'off' && functionId === 'off') return pass(undefined)
  const usual = readUsualCall(signedBody)
  const read = usual === undefined ? await readUnusual(admission, signed, form) : pass(usual)
  if (!read.ok) return read
  const call = read.value
  const headers = callHeaders(head.rawHeaders)
  const run = applyMode(runId, facts, () => checkRunId(call, headers))
  if (!run.ok || call === undefined) return run
  // Proxies replace this header, so it is never a reason to refuse: the app gets the signed one.
  const { requestId = '' } = call
  if (requestId !== headers.requestId && PLAIN_ID.test(requestId)) {
    facts.signedRequestId = requestId
  }
  const ids = applyMode(callIds, facts, () => checkCallIds(call, headers, parameters.stepId))
  return ids.ok ? checkFunction(admission, route, call, parameters) : ids
}

/** Duplicate members, which two parsers could read differently, have no canonical form. */
async function readUnusual(
  { effects }: Admission,
  { signedBody }: SignedRequest,
  form: 'raw' | 'canonical',
): Promise<Verdict<SignedCall | undefined>> {
  const bytes = signedBody.whole()
  if (form === 'canonical') return pass(readCanonicalCall(bytes))
  const canonical = await effects.canonicalizeToRead(bytes)
  if (!canonical.ok) return canonical
  return pass(canonical.value && readCanonicalCall(canonical.value))
}
