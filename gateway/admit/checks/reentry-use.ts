/** Checks by the head that a request re-enters a durable endpoint as Inngest does. */
import { isForwardable } from './inngest-use.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

export function checkReentryUse(head: RequestHead): Verdict<undefined> {
  if (!isForwardable(head)) return refuse('method_not_allowed')
  if (head.isUpgrade) return refuse('upgrade_not_allowed')
  // This header is unsigned, but it changes how the signed bytes are read. Inngest never sends it (inngest
  // `httpv2.go`).
  if (fieldValues(head.rawHeaders, 'content-encoding').length > 0) {
    return refuse('content_encoding_not_allowed')
  }
  return pass(undefined)
}

/**
 * Requires the two headers by which an app recognizes a re-entry (inngest-js `InngestCommHandler.ts`
 * isInngestReq): without one of them, the app would take the request for a user's. The signature may be empty
 * here, because a dev server sends an empty one. checkFraming has refused two run ids: an app could use one,
 * and the gateway claim the other.
 */
export function checkReentryMarks({ rawHeaders }: RequestHead): Verdict<undefined> {
  if (fieldValues(rawHeaders, 'x-inngest-signature').length === 0)
    return refuse('signature_missing')
  const [runId = ''] = fieldValues(rawHeaders, 'x-run-id')
  return runId === '' ? refuse('reentry_run_id_missing') : pass(undefined)
}
