/**
 * The decision for a proxy that asks and passes the request on itself. It is `admit`, about the
 * request that the question is about; only what an answer cannot mend is judged here.
 */
import { admit, type AdmittedRequest, type Effects, type PassthroughRequest } from './admit.ts'
import type { QuestionPolicy } from './checks/original-request.ts'
import type { RequestHead } from './checks/request-head.ts'
import type { Findings } from './findings.ts'
import { fieldsToRemove, type FieldsToRemove } from './http/header-hygiene.ts'
import type { Policy } from './policy.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

export interface Permission {
  readonly accepted: AdmittedRequest | PassthroughRequest
  /** What the proxy has to take off, if it can. */
  readonly remove: FieldsToRemove
}

/** @param original what `originalRequest` says of the question. */
export async function admitAsked(
  original: Verdict<RequestHead>,
  { question }: QuestionPolicy,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<Permission>> {
  if (!original.ok) return original
  // This listener is for HTTP alone, whatever the other one begins with.
  const asked = { ...policy, speaksProxyProtocol: false }
  const verdict = await admit(original.value, asked, effects, findings)
  if (!verdict.ok) return nameMissingBody(verdict, original.value, findings)
  const remove = fieldsToRemove(original.value.rawHeaders, verdict.value.kind === 'admitted')
  // Only Envoy takes fields off at an answer's word.
  if (question === 'forwarded' && remove.dangerous.length > 0) return refuse('field_not_removable')
  return pass({ accepted: verdict.value, remove })
}

/** nginx's auth_request, and others unless told, ask without the body. */
function nameMissingBody(
  verdict: Verdict<never>,
  { method }: RequestHead,
  { bodyBytes }: Findings,
): Verdict<never> {
  const isMissing = !verdict.ok && verdict.reason === 'signature_mismatch' && bodyBytes === 0
  return isMissing && method !== 'GET' ? refuse('body_missing') : verdict
}
