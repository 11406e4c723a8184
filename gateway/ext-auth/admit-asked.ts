/**
 * The decision for a proxy that asks and passes the request on itself. It is `admit`, about the
 * request that the question is about, with the steps of asked-effects.ts.
 */
import { admit, type AdmittedRequest, type PassthroughRequest } from '../admit/admit.ts'
import type { QuestionPolicy } from '../admit/policy.ts'
import type { RequestHead } from '../admit/request-head.ts'
import type { Findings } from '../admit/facts.ts'
import type { Policy } from '../admit/policy.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { AskedEffects, type QuestionEffects } from './asked-effects.ts'
import { fieldsToRemove } from '../http/header-hygiene.ts'

export interface Permission {
  readonly accepted: AdmittedRequest | PassthroughRequest
  /** Lower-case names of the fields that the proxy has to take off. */
  readonly remove: readonly string[]
}

/**
 * @param original what `originalRequest` says of the question.
 * @param policy as it is for the listener that the question came to.
 */
export async function admitAsked(
  original: Verdict<RequestHead>,
  { question }: QuestionPolicy,
  policy: Policy,
  questionEffects: QuestionEffects,
  findings: Findings,
): Promise<Verdict<Permission>> {
  if (!original.ok) return original
  const head = original.value
  const effects = new AskedEffects(head, question, questionEffects, findings)
  const verdict = await admit({ head, policy, effects, findings })
  if (!verdict.ok) return nameMissingBody(verdict, head, findings)
  const remove = fieldsToRemove(head.rawHeaders, verdict.value.kind === 'admitted', question)
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
