/**
 * Which route a request is for. The paths of Inngest routes are compared as sent, byte for byte:
 * whatever a normaliser would have to be trusted with (`%2f`, `..`, `;`, `//`) simply matches none.
 */
import type { RoutePolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { mayMeanOneOf } from './protected-path.ts'
import { fieldValues, type RequestHead } from './request-head.ts'

export interface RoutedTarget {
  readonly route: RoutePolicy
  /** `Host` as sent. */
  readonly host: string
  readonly path: string
  /** Without `?`; empty if there is none. */
  readonly query: string
}

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

export function checkRoute(
  head: RequestHead,
  routes: readonly RoutePolicy[],
): Verdict<RoutedTarget> {
  // Its target is a host and port, and it is no use on any route.
  if (head.method === 'CONNECT') return refuse('method_not_allowed')
  const hosts = fieldValues(head.rawHeaders, 'host')
  const [host = ''] = hosts
  // Two Host fields: Node keeps the first, another hop may have used the second (RFC 9112 3.2).
  if (hosts.length !== 1 || !HOST.test(host)) return refuse('request_malformed')
  if (!isPlainTarget(head.target)) return refuse('request_malformed')

  const { path, query } = splitTarget(head.target)
  const route = findRoute(routes, host.toLowerCase(), path)
  if (route === undefined) return refuse('route_not_found')
  if (route.kind === 'passthrough' && meansInngest(path, routes)) return refuse('path_ambiguous')
  return pass({ route, host, path, query })
}

/** Origin form (RFC 9112 3.2.1) in visible ASCII, without a fragment. */
function isPlainTarget(target: string): boolean {
  return /^\/(?!\/)[\x21\x22\x24-\x7e]*$/.test(target)
}

export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  if (mark === -1) return { path: target, query: '' }
  return { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Exact before prefix, a route that names the host before one that takes any, long before short. */
function findRoute(
  routes: readonly RoutePolicy[],
  host: string,
  path: string,
): RoutePolicy | undefined {
  let best: RoutePolicy | undefined
  let bestRank = 0
  for (const route of routes) {
    if (route.host !== undefined && route.host !== host) continue
    const rank = rankOf(route, path)
    if (rank > bestRank) [best, bestRank] = [route, rank]
  }
  return best
}

/** Longer than any request target that Node's parser lets through. */
const LONGEST_TARGET = 2 ** 24

/** @returns 0 if the route does not match the path. */
function rankOf({ kind, path: own, host }: RoutePolicy, path: string): number {
  const named = host === undefined ? 0 : 2 * LONGEST_TARGET
  if (kind === 'inngest') return own === path ? 4 * LONGEST_TARGET + named : 0
  const isBelow = own.endsWith('/') ? path.startsWith(own) : path.startsWith(`${own}/`)
  return isBelow || path === own ? own.length + named : 0
}

/** Of any host: the sender chooses `Host`, and two hosts may be one app. */
function meansInngest(path: string, routes: readonly RoutePolicy[]): boolean {
  const inngest = routes.filter(({ kind }) => kind === 'inngest')
  return mayMeanOneOf(
    path,
    inngest.map((route) => route.path),
  )
}
