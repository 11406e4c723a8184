/** Checks by the head that a request uses an Inngest route as Inngest does. */
import type { InngestRoutePolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import type { Address } from '../../ip/address.ts'
import { announcesBody, fieldValues, type RequestHead } from '../request-head.ts'
import { maxUnsignedSyncBytes } from './sync-use.ts'

/** No other method reaches an app: SDKs before 3.54 disclosed secrets in response to others (CVE-2026-42047). */
export const INNGEST_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT'])

export function checkInngestUse(head: RequestHead, route: InngestRoutePolicy): Verdict<undefined> {
  const { method, rawHeaders } = head
  if (!INNGEST_METHODS.has(method)) return refuse('method_not_allowed')
  if (method === 'GET' && !route.introspection) return refuse('method_not_allowed')
  // Inngest follows a 301, 302 or 303 with a GET that still has the call's body. An SDK responds to it with
  // introspection, and the call counts as done without having run (inngest-js 1715).
  if (method === 'GET' && announcesBody(rawHeaders)) return refuse('body_not_allowed')
  if (fieldValues(rawHeaders, 'content-encoding').length > 0) {
    return refuse('content_encoding_not_allowed')
  }
  return pass(undefined)
}

/** Methods that no route forwards, in any mode. TRACE would show the sender which fields the gateway adds. */
export function isForwardable({ method }: RequestHead): boolean {
  return method !== 'TRACE' && method !== 'CONNECT'
}

/**
 * Whether the operator admits this request without a signature: a sync or an introspection by CI, which has no
 * signing key, or by the dashboard of a self-hosted Inngest, which sends no signature (inngest `devserver.go`).
 * Only a request without any signature qualifies, and only a sync may have a body.
 */
export function isUnsignedAllowed(
  head: RequestHead,
  route: InngestRoutePolicy,
  client: Address,
): boolean {
  const { method, rawHeaders } = head
  if (method !== 'GET' && method !== 'PUT') return false
  if (fieldValues(rawHeaders, 'x-inngest-signature').some((value) => value !== '')) return false
  const isBodyAllowed = method === 'PUT' && announcesShortBody(rawHeaders)
  return (isBodyAllowed || !announcesBody(rawHeaders)) && route.unsigned[method].contains(client)
}

/** Requires a length: the size of a chunked body is unknown in advance. */
function announcesShortBody(rawHeaders: readonly string[]): boolean {
  const [length, ...others] = fieldValues(rawHeaders, 'content-length')
  if (length === undefined || others.length > 0) return false
  const isChunked = fieldValues(rawHeaders, 'transfer-encoding').length > 0
  return !isChunked && Number(length) <= maxUnsignedSyncBytes
}
