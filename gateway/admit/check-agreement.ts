/** Compares the unsigned parts of a function call with its signed body. */
import { callHeaders, checkCallIds, checkRunId } from './checks/agreement.ts'
import { checkFunction } from './check-function.ts'
import type { PairLesson } from './checks/function-id.ts'
import type { SignedRequest } from './claim-signature.ts'
import { isShortProbe } from '../inngest/claim-key.ts'
import { readCanonicalCall, readUsualCall, type SignedCall } from '../inngest/signed-call.ts'
import type { Admission } from './context.ts'
import { applyMode } from './check-mode.ts'
import type { InngestRoutePolicy } from './policy.ts'
import { pass, refuse, type Eventual, type Verdict } from './verdict.ts'

/** Characters that need no escaping in a header. */
const PLAIN_ID = /^[\w.-]{1,128}$/

/**
 * @param signed a function call.
 * @param form of the body that the signature covers.
 * @returns the pair to learn once the signature is claimed, if there is one.
 */
export function checkAgreement(
  admission: Admission,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Eventual<PairLesson | undefined> {
  const { runId, callIds, functionId } = route.checks
  if (runId === 'off' && callIds === 'off' && functionId === 'off') return pass(undefined)
  const usual = readUsualCall(signed.signedBody)
  if (usual !== undefined) return checkIds(admission, route, signed, usual)
  return checkUnusual(admission, route, signed, form)
}

async function checkUnusual(
  admission: Admission,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Promise<Verdict<PairLesson | undefined>> {
  const read = await readUnusual(admission, signed, form)
  return read.ok ? checkIds(admission, route, signed, read.value) : read
}

/**
 * A trust probe must not have the body of a function call: the SDK would respond to the probe, and Inngest
 * would take that response for the result of the call. A short body cannot be a call.
 */
export function checkProbe(
  admission: Admission,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Eventual<undefined> {
  const { signedBody } = signed
  if (isShortProbe(signedBody.byteLength)) return pass(undefined)
  if (readUsualCall(signedBody) !== undefined) return refuse('target_ambiguous')
  return checkLongProbe(admission, signed, form)
}

async function checkLongProbe(
  admission: Admission,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Promise<Verdict<undefined>> {
  const read = await readUnusual(admission, signed, form)
  if (!read.ok) return read
  return read.value?.runId === undefined ? pass(undefined) : refuse('target_ambiguous')
}

/** @param call undefined if the signed body is not that of a function call. */
function checkIds(
  admission: Admission,
  route: InngestRoutePolicy,
  { parameters }: SignedRequest,
  call: SignedCall | undefined,
): Eventual<PairLesson | undefined> {
  const { head, facts } = admission
  const { runId, callIds } = route.checks
  const headers = callHeaders(head.rawHeaders)
  const run = applyMode(runId, facts, () => checkRunId(call, headers))
  if (!run.ok || call === undefined) return run
  // Proxies replace this header, so a difference is no reason to refuse: the app gets the signed id.
  const { requestId = '' } = call
  if (requestId !== headers.requestId && PLAIN_ID.test(requestId)) {
    facts.signedRequestId = requestId
  }
  const ids = applyMode(callIds, facts, () => checkCallIds(call, headers, parameters.stepId))
  return ids.ok ? checkFunction(admission, route, call, parameters) : ids
}

/** A body with duplicate members, which two parsers could read differently, has no canonical form. */
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
