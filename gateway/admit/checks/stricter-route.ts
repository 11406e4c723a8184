/**
 * Whether the app might take a request for one of a stricter route than the route that it matches: an Inngest
 * route, a durable route, or a passthrough route with an `allowlist`. Such a request is refused, because the
 * checks of the stricter route have not run.
 *
 * An app may read the path differently (protected-path.ts), and the host, too: many ignore the port and final
 * dots, and an app that resolves the target against a base URL takes the host from a target that begins with
 * `//` (RFC 3986 5.2.2). A client also chooses `Host`, so the app can tell two routes to it apart by their path
 * alone, unless the stricter one has all paths of its host.
 */
import type { AddressRanges } from '../../ip/address-ranges.ts'
import {
  isSigning,
  type CheckMode,
  type DurableRoutePolicy,
  type PassthroughRoutePolicy,
  type RoutePolicy,
  type UpstreamPolicy,
} from '../policy.ts'
import { canonicalAuthority, parseAuthority, withoutBrackets } from '../../ip/authority.ts'
import { serverOf } from '../../ip/server-of.ts'
import { memoized } from '../memoized.ts'
import { isBesidePath, isWithinPath, mayClimb, mayMeanPath, mayNameHost } from './protected-path.ts'

/** Routes for requests that any client may send. Their path is a prefix of the request's path. */
type OpenRoutePolicy = PassthroughRoutePolicy | DurableRoutePolicy

/** A request with the route that it matches. */
export interface Matched {
  readonly route: RoutePolicy
  /** `Host` as sent; empty if there is none. */
  readonly host: string
  readonly path: string
}

export type Ambiguity = 'path_ambiguous' | 'host_ambiguous'

export interface Ambiguous {
  readonly reason: Ambiguity
  /** The mode of the stricter route's check, which also applies to this ambiguity. */
  readonly mode: CheckMode
}

/** @returns undefined if no reading of the request belongs to a stricter route, or to no route. */
export function findAmbiguity(
  matched: Matched,
  routes: readonly RoutePolicy[],
): Ambiguous | undefined {
  if (mayLeave(matched)) return { reason: 'path_ambiguous', mode: 'enforce' }
  let found: Ambiguous | undefined
  for (const other of routes) {
    if (other === matched.route) continue
    const reason = ambiguityOf(matched, other)
    if (reason === undefined || !isStricter(other, matched.route)) continue
    const mode = isSigning(other) ? 'enforce' : other.checks.allowlist
    if (mode === 'enforce') return { reason, mode }
    found ??= { reason, mode }
  }
  return found
}

/** Whether the path may lead to paths of the app that no route opens. They count as those of a stricter route. */
function mayLeave({ route, path }: Matched): boolean {
  return route.kind !== 'inngest' && route.path !== '/' && mayClimb(path)
}

function ambiguityOf(matched: Matched, other: RoutePolicy): Ambiguity | undefined {
  const { route, path } = matched
  if (route.kind !== 'inngest') return ambiguityOnOpen(matched, route, other)
  // The operator wrote this path, and it is compared in full.
  const isSame = other.kind === 'inngest' && other.path === path && isSameApp(route, other)
  return isSame && mayMeanHost(matched, other) ? 'host_ambiguous' : undefined
}

function ambiguityOnOpen(
  matched: Matched,
  route: OpenRoutePolicy,
  other: RoutePolicy,
): Ambiguity | undefined {
  const { path } = matched
  const isHost = isOfHost(matched.host, other)
  const isNamed = !isHost && namesHost(path, other.host)
  const isLikeHost = isHost || isNamed || looksLike(matched.host, other.host)
  if (!isLikeHost && !isReachedByAnyHost(other, route)) return undefined
  if (mayMeanPathOf(path, route, other)) return 'path_ambiguous'
  const mayMean = isNamed || (!isHost && mayMeanHost(matched, other))
  return mayMean && holdsPath(other, path) ? 'host_ambiguous' : undefined
}

/** An open route includes all paths below its own, and no reading of a path leads out of it (`mayLeave`). */
function mayMeanPathOf(path: string, route: OpenRoutePolicy, other: RoutePolicy): boolean {
  if (other.kind !== 'inngest' && isWithinPath(route.path, other.path)) return false
  return mayMeanPath(path, other.path, isBesidePath(route.path, other.path))
}

/** If the route requires the sent host or pins another one, the host has only one reading. */
function mayMeanHost({ route, host }: Matched, other: RoutePolicy): boolean {
  const isOpen = route.host === undefined && route.serveOrigin === undefined
  return isOpen && looksLike(host, other.host)
}

function holdsPath({ kind, path: own }: RoutePolicy, path: string): boolean {
  return kind === 'inngest' ? own === path : isWithinPath(path, own)
}

function isReachedByAnyHost(other: RoutePolicy, route: RoutePolicy): boolean {
  return other.kind === 'inngest' || (other.path !== '/' && isSameApp(route, other))
}

/** Compares configured addresses only: two names that DNS resolves to one server count as two apps. */
function isSameApp({ upstream: one }: RoutePolicy, { upstream: other }: RoutePolicy): boolean {
  return one.socketPath === undefined && other.socketPath === undefined
    ? serverAt(one.origin) === serverAt(other.origin)
    : socketAt(one) === socketAt(other)
}

const serverAt = memoized(serverOf)

function socketAt({ socketPath }: UpstreamPolicy): string | undefined {
  return socketPath?.replace(/\/(?:\.?\/)+/g, '/')
}

/** Matches the host in the same way as routes do. */
export function isOfHost(host: string, { host: own }: Pick<RoutePolicy, 'host'>): boolean {
  return own === undefined || own === authorityOf(host)
}

const authorityOf = memoized((host: string) => canonicalAuthority(host, undefined))

/** Whether an app that reads only the name, or builds a URL from it, might take one host for another. */
function looksLike(host: string, other: string | undefined): boolean {
  if (other === undefined) return false
  const names = namesOf(other)
  return namesOf(host).some((name) => names.includes(name))
}

/** Whether an app that resolves the target as a reference might take a host from it, regardless of `Host`. */
function namesHost(path: string, other: string | undefined): boolean {
  if (other === undefined) return false
  const names = namesOf(other)
  return names.includes(referenceHost(path)) || names.some((name) => mayNameHost(path, name))
}

/** The host as WHATWG URL reads it, which takes `\` for a slash and knows other spellings of addresses. */
function referenceHost(path: string): string {
  const url = /^\/[/\\]/.test(path) ? URL.parse(path, 'http://localhost') : null
  return url === null ? '' : withoutDots(withoutBrackets(url.hostname))
}

const namesOf = memoized((host: string): readonly string[] => {
  const names = [parseAuthority(host)?.host, URL.parse(`http://${host}`)?.hostname]
  return names.flatMap((name) => (name === undefined ? [] : [withoutDots(withoutBrackets(name))]))
})

/** Without a regular expression: `\.+$` takes quadratic time for dots that are not at the end. */
function withoutDots(name: string): string {
  let end = name.length
  while (name[end - 1] === '.') end -= 1
  return name.slice(0, end)
}

/** Whether the other route refuses a request that this route admits. */
function isStricter(other: RoutePolicy, route: RoutePolicy): boolean {
  if (other.kind === 'inngest') return true
  // A passthrough route removes the headers that mark a re-entry, and does not pin `Host`.
  if (other.kind === 'durable' && (route.kind !== 'durable' || !hasKeysOf(other, route)))
    return true
  const allowlist = allowlistOf(other)
  if (allowlist === undefined || other.checks.allowlist === 'off') return false
  if (route.kind === 'inngest' || route.checks.allowlist !== 'enforce') return true
  const own = allowlistOf(route)
  return own === undefined || !allowlist.covers(own)
}

function allowlistOf(route: OpenRoutePolicy): AddressRanges | undefined {
  return route.kind === 'durable' ? route.users.allowlist : route.allowlist
}

/** Whether each key of one route is also a key of the other. */
function hasKeysOf(other: DurableRoutePolicy, route: DurableRoutePolicy): boolean {
  return route.signingKeys.every((key) => other.signingKeys.some((each) => each.isSameKey(key)))
}
