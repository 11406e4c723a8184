/**
 * Checks that a proxy which forwards the request itself (Envoy ext_authz, Traefik forwardAuth) sends the app
 * the same request as the gateway would. Inline, the gateway rewrites `Host`, strips headers and sends the body
 * that it verified.
 */
import { callParameters, isTrustProbe } from '../../inngest/call-parameters.ts'
import { isSameAuthority } from '../../ip/authority.ts'
import type { RoutePolicy } from '../policy.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

/** The app builds its own origin from `Host`, so `Host` must equal that of `serveOrigin`. */
export function checkHostServed(
  { rawHeaders }: RequestHead,
  { serveOrigin }: Pick<RoutePolicy, 'serveOrigin'>,
): Verdict<undefined> {
  if (serveOrigin === undefined) return pass(undefined)
  const [host] = fieldValues(rawHeaders, 'host')
  const isServed =
    host !== undefined && isSameAuthority(host, serveOrigin.host, serveOrigin.protocol)
  return isServed ? pass(undefined) : refuse('host_not_served')
}

/** @param left names of the headers that the gateway would strip, but the proxy forwards. */
export function checkFieldsRemovable(left: readonly string[]): Verdict<undefined> {
  return left.length > 0 ? refuse('header_not_removable') : pass(undefined)
}

/**
 * Inngest makes no function call without a body, so for a POST without one, the proxy did not send it. A trust
 * probe may have none.
 */
export function checkBodySent(
  { method }: RequestHead,
  query: string,
  byteLength: number,
): Verdict<undefined> {
  if (byteLength > 0 || method !== 'POST') return pass(undefined)
  return isTrustProbe(method, callParameters(query)) ? pass(undefined) : refuse('body_missing')
}

/**
 * For a signature that does not match an empty body: the proxy withheld the body, as nginx's auth_request does.
 * A GET has none.
 */
export function nameMissingBody<T>(
  verdict: Verdict<T>,
  { method }: RequestHead,
  byteLength: number,
): Verdict<T> {
  if (verdict.ok || verdict.reason !== 'signature_mismatch') return verdict
  return byteLength === 0 && method !== 'GET' ? refuse('body_missing') : verdict
}
