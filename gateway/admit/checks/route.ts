/**
 * Finds the route of a request. The paths of Inngest routes are compared byte for byte, as sent: a spelling
 * that would need normalization (`%2f`, `../..`, `;`, `//`) matches no route.
 */
import { isSigning, type RoutePolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { parseAuthority } from '../../ip/authority.ts'
import { memoized } from '../memoized.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'
import { findAmbiguity, isOfHost, type Ambiguity } from './stricter-route.ts'

export interface RoutedTarget {
  readonly route: RoutePolicy
  /** `Host` as sent; empty if a passthrough request of HTTP/1.0 has none. */
  readonly host: string
  readonly path: string
  /** Without `?`; empty if there is none. */
  readonly query: string
  /** An ambiguity that the mode of the stricter route only reports. */
  readonly reported: Ambiguity | undefined
}

export function checkRoute(
  head: RequestHead,
  routes: readonly RoutePolicy[],
): Verdict<RoutedTarget> {
  // The target of CONNECT is a host and port, and no route serves it.
  if (head.method === 'CONNECT') return refuse('method_not_allowed')
  const host = hostOf(head)
  if (host === undefined || !isPlainTarget(head.target)) return refuse('request_malformed')

  const { path, query } = splitTarget(head.target)
  const route = findRoute(routes, host, path)
  if (route === undefined) return refuse('route_not_found')
  // Inngest always sends `Host`, and an app builds from it the URL that it registers.
  if (host === '' && isSigning(route)) return refuse('request_malformed')
  if (route.kind === 'durable' && mayNameItsHost(path)) return refuse('request_malformed')
  const ambiguous = findAmbiguity({ route, host, path }, routes)
  if (ambiguous?.mode === 'enforce') return refuse(ambiguous.reason)
  return pass({ route, host, path, query, reported: ambiguous?.reason })
}

/**
 * Of two Host fields Node keeps the first, but another hop may have used the second (RFC 9112 3.2). HTTP/1.0
 * does not require one (RFC 1945), and HAProxy's default health check has none.
 * @returns undefined if it is not one plain host; empty if it may be missing.
 */
function hostOf({ rawHeaders, httpVersion }: RequestHead): string | undefined {
  const hosts = fieldValues(rawHeaders, 'host')
  const [host = ''] = hosts
  if (hosts.length === 0 && httpVersion === '1.0') return ''
  return hosts.length === 1 && authority(host) !== undefined ? host : undefined
}

const authority = memoized(parseAuthority)

/**
 * Origin form (RFC 9112 3.2.1) in visible ASCII, without a fragment. It may begin with `//`: some clients join
 * a base and a path in this way, and no Inngest route has such a path.
 */
function isPlainTarget(target: string): boolean {
  return /^\/[\x21\x22\x24-\x7e]*$/.test(target)
}

/**
 * An app that resolves the target against its base URL takes a host from it (RFC 3986 4.2; WHATWG URL reads `\`
 * as a slash), and has Inngest call back there instead of at the pinned `Host`.
 */
function mayNameItsHost(path: string): boolean {
  return /^\/[/\\]/.test(path)
}

export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  if (mark === -1) return { path: target, query: '' }
  return { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/**
 * An exact path precedes a prefix, a route with a host precedes one for any host, a long path precedes a short
 * one.
 */
export function findRoute(
  routes: readonly RoutePolicy[],
  host: string,
  path: string,
): RoutePolicy | undefined {
  let best: RoutePolicy | undefined
  let bestRank = 0
  for (const route of routes) {
    if (!isOfHost(host, route)) continue
    const rank = rankOf(route, path)
    if (rank > bestRank) [best, bestRank] = [route, rank]
  }
  return best
}

/** Longer than any request target that Node's parser accepts. */
const LONGEST_TARGET = 2 ** 24

/** @returns 0 if the route does not match the path. */
function rankOf({ kind, path: own, host }: RoutePolicy, path: string): number {
  const named = host === undefined ? 0 : 2 * LONGEST_TARGET
  if (kind === 'inngest') return own === path ? 4 * LONGEST_TARGET + named : 0
  const isBelow = own.endsWith('/') ? path.startsWith(own) : path.startsWith(`${own}/`)
  return isBelow || path === own ? own.length + named : 0
}
