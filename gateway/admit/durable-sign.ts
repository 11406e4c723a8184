/**
 * Signs that a passthrough route leads to a durable endpoint. A passthrough route removes the headers that mark
 * a re-entry, so the endpoint would take each re-entry for a new user and start another run.
 */
import { fieldValues, type RequestHead } from './request-head.ts'

/** `response`: the app responds as the SDKs do for a durable endpoint. `request`: Inngest re-enters one. */
export type DurableSign = 'response' | 'request'

/** The path in Inngest's API that waits for the result of a run. */
const RESULT_PATH = /\/v1\/http\/runs\/[0-9A-Z]{26}\/output(?:[?#]|$)/

/**
 * Both SDKs redirect to the result of a run that continues in the background (inngest-js
 * `InngestCommHandler.ts` asyncRedirectUrl, inngestgo `stephttp` AsyncResponseRedirect). The Go SDK also names
 * itself and the run in each response of an endpoint. An endpoint that does neither is not recognized.
 */
export function isOfDurableEndpoint(status: number, rawHeaders: readonly string[]): boolean {
  if (status === 302 || status === 303) {
    if (fieldValues(rawHeaders, 'location').some((url) => RESULT_PATH.test(url))) return true
  }
  return (
    fieldValues(rawHeaders, 'x-run-id').length > 0 &&
    fieldValues(rawHeaders, 'x-inngest-sdk').length > 0
  )
}

/** Recognizes a re-entry as every SDK does. Only a durable route checks whether it is one. */
export function looksLikeReentry({ rawHeaders, isUpgrade }: RequestHead): boolean {
  return (
    !isUpgrade &&
    fieldValues(rawHeaders, 'x-run-id').length > 0 &&
    fieldValues(rawHeaders, 'x-inngest-signature').length > 0
  )
}
