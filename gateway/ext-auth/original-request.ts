/**
 * Which request a proxy asks about. The proxy is one of `trustedProxies`, and writes over what its
 * client says of these fields: Envoy repeats method, path and fields of the request in its question,
 * Traefik names them in X-Forwarded-Method, -Host and -Uri.
 */
import type { ExternalAuthPolicy } from '../admit/policy.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'

/** @param head of the question. */
export function originalRequest(
  head: RequestHead,
  { protocol, pathPrefix }: ExternalAuthPolicy,
): Verdict<RequestHead> {
  // RFC 9110 9.3.6: a 200 to it would make a tunnel of the connection.
  if (head.method === 'CONNECT') return refuse('method_not_allowed')
  return protocol === 'forward_auth' ? forwardedRequest(head) : repeatedRequest(head, pathPrefix)
}

function repeatedRequest(head: RequestHead, pathPrefix: string): Verdict<RequestHead> {
  if (!head.target.startsWith(`${pathPrefix}/`)) return refuse('authorization_request_unclear')
  // By these Traefik says what it asks about: the question itself is about something else then.
  const isForwarded = ['x-forwarded-method', 'x-forwarded-uri'].every(
    (name) => fieldValues(head.rawHeaders, name).length > 0,
  )
  if (isForwarded) return refuse('authorization_request_unclear')
  // Envoy's word for a body longer than its `max_request_bytes`.
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

/** Two of them are two opinions of what was asked. */
function onlyValue({ rawHeaders }: RequestHead, name: string): string | undefined {
  const values = fieldValues(rawHeaders, name)
  return values.length === 1 && values[0] !== '' ? values[0] : undefined
}

function withoutField(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => rawHeaders[i - (i % 2)]?.toLowerCase() !== name)
}
