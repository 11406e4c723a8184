/**
 * What shows that a passthrough route leads to a durable endpoint. Such a route removes the headers that a
 * re-entry is recognized by, so that the endpoint takes each for a new user and starts another run.
 */
import { fieldValues, type RequestHead } from './request-head.ts'

/** `response`: the app responds as the SDKs do for a durable endpoint. `request`: Inngest re-enters one. */
export type DurableSign = 'response' | 'request'

/** To the page of Inngest's API that waits for the result of a run. */
const RESULT_PATH = /\/v1\/http\/runs\/[0-9A-Z]{26}\/output(?:[?#]|$)/

/**
 * Both SDKs redirect to the result of a run that goes on in the background (inngest-js
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

/** As every SDK knows a re-entry; whether it is one, only a durable route checks. */
export function looksLikeReentry({ rawHeaders, isUpgrade }: RequestHead): boolean {
  return (
    !isUpgrade &&
    fieldValues(rawHeaders, 'x-run-id').length > 0 &&
    fieldValues(rawHeaders, 'x-inngest-signature').length > 0
  )
}
