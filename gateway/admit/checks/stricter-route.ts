/**
 * Whether the app might take a request for one of a stricter route than the route that it matches: an
 * Inngest route, a durable route, or a passthrough route with an `allowlist`. Such a request is refused, since nobody
 * has checked it as that route demands.
 *
 * An app may read the path in another way (protected-path.ts), and the host: many leave out the port
 * and final dots, and one that resolves the target against a base URL reads the host from a target that
 * begins with `//` (RFC 3986 5.2.2). A client also chooses `Host`, so two routes to one app differ for
 * that app by their path alone, unless the stricter one has all paths of its host.
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

/** Routes for what any client may send: their paths are the beginning of those of requests. */
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
  /** Mode of the stricter route's check: where that only reports, so does this. */
  readonly mode: CheckMode
}

/** @returns undefined if no reading of the request is one of a stricter route, or of none. */
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

/** To paths of the app that no route opens, which are as good as those of a stricter one. */
function mayLeave({ route, path }: Matched): boolean {
  return route.kind !== 'inngest' && route.path !== '/' && mayClimb(path)
}

function ambiguityOf(matched: Matched, other: RoutePolicy): Ambiguity | undefined {
  const { route, path } = matched
  if (route.kind !== 'inngest') return ambiguityOnOpen(matched, route, other)
  // Its path is one that the operator wrote, and compared as a whole.
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

/** An open route has all below its path, and no reading of a path leads out of it (`mayLeave`). */
function mayMeanPathOf(path: string, route: OpenRoutePolicy, other: RoutePolicy): boolean {
  if (other.kind !== 'inngest' && isWithinPath(route.path, other.path)) return false
  return mayMeanPath(path, other.path, isBesidePath(route.path, other.path))
}

/** A route that names the host as it was sent, or pins another, leaves nothing to read. */
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

/** By address, as far as the configuration shows it: what DNS resolves to one server counts as two. */
function isSameApp({ upstream: one }: RoutePolicy, { upstream: other }: RoutePolicy): boolean {
  return one.socketPath === undefined && other.socketPath === undefined
    ? serverAt(one.origin) === serverAt(other.origin)
    : socketAt(one) === socketAt(other)
}

const serverAt = memoized(serverOf)

function socketAt({ socketPath }: UpstreamPolicy): string | undefined {
  return socketPath?.replace(/\/(?:\.?\/)+/g, '/')
}

/** As routes match it. */
export function isOfHost(host: string, { host: own }: Pick<RoutePolicy, 'host'>): boolean {
  return own === undefined || own === authorityOf(host)
}

const authorityOf = memoized((host: string) => canonicalAuthority(host, undefined))

/** Whether an app that reads the name only, or builds a URL of it, might take one host for another. */
function looksLike(host: string, other: string | undefined): boolean {
  if (other === undefined) return false
  const names = namesOf(other)
  return namesOf(host).some((name) => names.includes(name))
}

/** Whether an app that resolves the target as a reference might read a host from it, whatever `Host` is. */
function namesHost(path: string, other: string | undefined): boolean {
  if (other === undefined) return false
  const names = namesOf(other)
  return names.includes(referenceHost(path)) || names.some((name) => mayNameHost(path, name))
}

/** As WHATWG URL reads it, to which `\` is a slash, and which knows other spellings of addresses. */
function referenceHost(path: string): string {
  const url = /^\/[/\\]/.test(path) ? URL.parse(path, 'http://localhost') : null
  return url === null ? '' : withoutDots(withoutBrackets(url.hostname))
}

const namesOf = memoized((host: string): readonly string[] => {
  const names = [parseAuthority(host)?.host, URL.parse(`http://${host}`)?.hostname]
  return names.flatMap((name) => (name === undefined ? [] : [withoutDots(withoutBrackets(name))]))
})

/** By hand: `\.+$` takes quadratic time over dots that are not at the end. */
function withoutDots(name: string): string {
  let end = name.length
  while (name[end - 1] === '.') end -= 1
  return name.slice(0, end)
}

/** Whether it refuses a request that the other admits. */
function isStricter(other: RoutePolicy, route: RoutePolicy): boolean {
  if (other.kind === 'inngest') return true
  // A passthrough route removes what a re-entry is recognized by, and pins no `Host`.
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

/** Whether each key that opens the one route opens the other. */
function hasKeysOf(other: DurableRoutePolicy, route: DurableRoutePolicy): boolean {
  return route.signingKeys.every((key) => other.signingKeys.some((each) => each.isSameKey(key)))
}
