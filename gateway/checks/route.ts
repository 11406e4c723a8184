/**
 * Which route a request is for. Host and path are compared as sent, byte for byte: whatever a
 * normaliser would have to be trusted with (`%2f`, `..`, `;`, `//`) simply matches no route.
 */
import type { RoutePolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { fieldValues, type RequestHead } from './request-head.ts'

/** The methods Inngest uses. Others reach no app: CVE-2026-42047 answered them with `process.env`. */
const METHODS = new Set(['GET', 'POST', 'PUT'])

export interface RoutedTarget {
  readonly route: RoutePolicy
  /** `Host` as sent. */
  readonly host: string
  readonly path: string
  /** Without `?`; empty if there is none. */
  readonly query: string
}

export function checkRoute(
  head: RequestHead,
  routes: readonly RoutePolicy[],
): Verdict<RoutedTarget> {
  const hosts = fieldValues(head.rawHeaders, 'host')
  const [host] = hosts
  // Two Host fields: Node keeps the first, another hop may have used the second (RFC 9112 3.2).
  if (host === undefined || hosts.length > 1) return refuse('request_malformed')
  if (!isPlainTarget(head.target)) return refuse('request_malformed')

  const { path, query } = splitTarget(head.target)
  const route = findRoute(routes, host.toLowerCase(), path)
  if (route === undefined) return refuse('route_not_found')
  if (!METHODS.has(head.method)) return refuse('method_not_allowed')
  if (head.method === 'GET' && announcesBody(head.rawHeaders)) return refuse('body_not_allowed')
  return pass({ route, host, path, query })
}

/** Origin form (RFC 9112 3.2.1) in visible ASCII, without a fragment. */
function isPlainTarget(target: string): boolean {
  return /^\/(?!\/)[\x21\x22\x24-\x7e]*$/.test(target)
}

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  if (mark === -1) return { path: target, query: '' }
  return { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** A route that names the host goes before one that takes any. */
function findRoute(
  routes: readonly RoutePolicy[],
  host: string,
  path: string,
): RoutePolicy | undefined {
  let anyHost: RoutePolicy | undefined
  for (const route of routes) {
    if (route.path !== path) continue
    if (route.host === host) return route
    if (route.host === undefined) anyHost = route
  }
  return anyHost
}

/**
 * Inngest follows a 301, 302 or 303 as a GET that still carries the call's body; an SDK answers it
 * with introspection and the call counts as done without having run (inngest-js 1715).
 */
function announcesBody(rawHeaders: readonly string[]): boolean {
  const lengths = fieldValues(rawHeaders, 'content-length')
  if (lengths.some((length) => Number(length) !== 0)) return true
  return fieldValues(rawHeaders, 'transfer-encoding').length > 0
}
