/** Whether a request re-enters a durable endpoint in a way that Inngest does, as far as the head tells. */
import { isForwardable } from './inngest-use.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

export function checkReentryUse(head: RequestHead): Verdict<undefined> {
  if (!isForwardable(head)) return refuse('method_not_allowed')
  if (head.isUpgrade) return refuse('upgrade_not_allowed')
  // Unsigned, and it would say how the signed bytes are read; Inngest sends none (inngest `httpv2.go`).
  if (fieldValues(head.rawHeaders, 'content-encoding').length > 0) {
    return refuse('content_encoding_not_allowed')
  }
  return pass(undefined)
}

/**
 * The two headers by which an app recognizes a re-entry (inngest-js `InngestCommHandler.ts` isInngestReq): it would
 * take a request without one of them for a user's. A signature may be empty here, as a dev server sends it.
 * checkFraming has refused two run ids: an app could read one and the gateway claim the other.
 */
export function checkReentryMarks({ rawHeaders }: RequestHead): Verdict<undefined> {
  if (fieldValues(rawHeaders, 'x-inngest-signature').length === 0)
    return refuse('signature_missing')
  const [runId = ''] = fieldValues(rawHeaders, 'x-run-id')
  return runId === '' ? refuse('reentry_run_id_missing') : pass(undefined)
}
