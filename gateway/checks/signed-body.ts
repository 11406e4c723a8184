/** Whether a signature may be one that Inngest made for a request of another method. */
import type { Body } from '../body.ts'
import { callParameters } from '../inngest/call-parameters.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

/**
 * A signature over an empty body is what an introspection carries, and is not claimed there. A function
 * call always has a body; a trust probe may have none.
 * @param query raw, without `?`.
 */
export function checkSignedBody(method: string, query: string, signed: Body): Verdict<undefined> {
  if (method !== 'POST' || signed.byteLength > 0) return pass(undefined)
  return callParameters(query).isTrustProbe ? pass(undefined) : refuse('call_body_missing')
}
