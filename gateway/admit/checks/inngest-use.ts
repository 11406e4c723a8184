/** Whether a request uses an Inngest route in a way that Inngest does, as far as the head tells. */
import type { InngestRoutePolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import type { Address } from '../../ip/address.ts'
import { announcesBody, fieldValues, type RequestHead } from '../request-head.ts'
import { maxUnsignedSyncBytes } from './sync-use.ts'

/** Others reach no app: SDKs before 3.54 disclosed what they should not (CVE-2026-42047). */
export const INNGEST_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT'])

export function checkInngestUse(head: RequestHead, route: InngestRoutePolicy): Verdict<undefined> {
  const { method, rawHeaders } = head
  if (!INNGEST_METHODS.has(method)) return refuse('method_not_allowed')
  if (method === 'GET' && !route.introspection) return refuse('method_not_allowed')
  // Inngest follows a 301, 302 or 303 as a GET that still carries the call's body; an SDK answers
  // it with introspection and the call counts as done without having run (inngest-js 1715).
  if (method === 'GET' && announcesBody(rawHeaders)) return refuse('body_not_allowed')
  if (fieldValues(rawHeaders, 'content-encoding').length > 0) {
    return refuse('content_encoding_not_allowed')
  }
  return pass(undefined)
}

/**
 * What is never handed on, whatever the route enforces. TRACE would tell the sender which fields the
 * gateway adds.
 */
export function isForwardable({ method }: RequestHead): boolean {
  return method !== 'TRACE' && method !== 'CONNECT'
}

/**
 * Whether the operator lets this client do without a signature: a sync or an introspection by CI,
 * which has no signing key, or by the dashboard of a self-hosted Inngest, which leaves the key out
 * (inngest `devserver.go`). Only where no signature is given, and with a body only for a sync.
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

/** With a length: how much comes in chunks is not known before it is there. */
function announcesShortBody(rawHeaders: readonly string[]): boolean {
  const [length, ...others] = fieldValues(rawHeaders, 'content-length')
  if (length === undefined || others.length > 0) return false
  const isChunked = fieldValues(rawHeaders, 'transfer-encoding').length > 0
  return !isChunked && Number(length) <= maxUnsignedSyncBytes
}
