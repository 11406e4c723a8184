/**
 * The original request that an authorization request describes. The proxy is one of `trustedProxies`, and
 * overwrites these fields of its client: Envoy copies method, path and headers into the authorization request,
 * Traefik sends X-Forwarded-Method, -Host and -Uri.
 */
import type { ExternalAuthPolicy } from '../admit/policy.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'

/** @param head of the authorization request. */
export function originalRequest(
  head: RequestHead,
  { protocol, pathPrefix }: ExternalAuthPolicy,
): Verdict<RequestHead> {
  // RFC 9110 9.3.6: a 200 response would turn the connection into a tunnel.
  if (head.method === 'CONNECT') return refuse('method_not_allowed')
  return protocol === 'forward_auth' ? forwardedRequest(head) : repeatedRequest(head, pathPrefix)
}

function repeatedRequest(head: RequestHead, pathPrefix: string): Verdict<RequestHead> {
  if (!head.target.startsWith(`${pathPrefix}/`)) return refuse('authorization_request_unclear')
  // Traefik describes the original request in these fields. If they are present, the authorization request
  // itself is for another target.
  const isForwarded = ['x-forwarded-method', 'x-forwarded-uri'].every(
    (name) => fieldValues(head.rawHeaders, name).length > 0,
  )
  if (isForwarded) return refuse('authorization_request_unclear')
  // Envoy marks a body that is longer than its `max_request_bytes` with this header.
  const partial = fieldValues(head.rawHeaders, 'x-envoy-auth-partial-body')
  if (partial.includes('true')) return refuse('body_missing')
  return pass({ ...head, target: head.target.slice(pathPrefix.length) })
}

function forwardedRequest(head: RequestHead): Verdict<RequestHead> {
  const method = onlyValue(head, 'x-forwarded-method')
  const host = onlyValue(head, 'x-forwarded-host')
  const target = onlyValue(head, 'x-forwarded-uri')
  if (method === undefined || host === undefined || target === undefined) {
    return refuse('authorization_request_unclear')
  }
  const rawHeaders = [...withoutField(head.rawHeaders, 'host'), 'Host', host]
  return pass({ ...head, method, target, rawHeaders })
}

/** Two values would be a contradiction. */
function onlyValue({ rawHeaders }: RequestHead, name: string): string | undefined {
  const values = fieldValues(rawHeaders, name)
  return values.length === 1 && values[0] !== '' ? values[0] : undefined
}

function withoutField(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => rawHeaders[i - (i % 2)]?.toLowerCase() !== name)
}
