/** Rows of the setup: routes with their upstreams, keys, lists of ranges. */
import { unlistedMeaning } from '../../record/unlisted-ranges.ts'
import { formatAgo, formatCount } from './format.ts'
import type {
  KeyStatus,
  LimitsStatus,
  RangesStatus,
  RouteStatus,
  Status,
  UpstreamSeen,
} from './status.ts'
import type { Cell, Row } from './view.ts'

export function describeRoutes(routes: readonly RouteStatus[], nowMs: number): Row[] {
  return routes.map((route) => describeRoute(route, nowMs))
}

function describeRoute(status: RouteStatus, nowMs: number): Row {
  const { route, kind, host, path, upstream, apps, seen, limits, encryption } = status
  const { resignKey, notEnforced } = status
  const details = [durableOf(kind, seen), limitsOf(limits), encryptionOf(encryption, seen)]
  return {
    key: route,
    cells: [
      {
        text: route,
        sub: `${kind} at ${host ?? ''}${path}${forApps(apps)}${resignedWith(resignKey)}`,
      },
      { text: upstream, ...joined(details) },
      healthOf(seen),
      { text: formatAgo(seen.lastAnswerMs, nowMs), sub: statusOf(seen) },
      { text: formatAgo(seen.lastFaultMs, nowMs), sub: seen.lastFault },
      notEnforced.length === 0
        ? { text: 'none relaxed' }
        : { text: notEnforced.join(', '), tone: 'warn' },
    ],
  }
}

/** Several details in one cell. A warning of one applies to the whole cell. */
function joined(details: readonly Partial<Cell>[]): Partial<Cell> {
  const subs = details.flatMap(({ sub }) => (sub === undefined ? [] : [sub]))
  if (subs.length === 0) return {}
  const tone = details.find((detail) => detail.tone !== undefined)?.tone
  return { sub: subs.join('; '), ...(tone && { tone }) }
}

function forApps(apps: readonly string[]): string {
  return apps.length === 0 ? '' : `, apps: ${apps.join(', ')}`
}

function resignedWith(key: string | undefined): string {
  return key === undefined ? '' : `, re-signed with ${key}`
}

/**
 * The shares of users and re-entries on a durable route, or a hint that a passthrough route should be a durable
 * one.
 */
function durableOf(
  kind: RouteStatus['kind'],
  { users, reentries, durableSign }: UpstreamSeen,
): Partial<Cell> {
  if (kind === 'durable') {
    return { sub: `from users: ${formatCount(users)}, re-entries: ${formatCount(reentries)}` }
  }
  if (kind !== 'passthrough' || durableSign === undefined) return {}
  const sub =
    durableSign === 'response'
      ? 'durable endpoint: needs policy: durable'
      : 'called by Inngest: needs policy: durable'
  return { sub, tone: 'warn' }
}

/** The current use of a route's limits, and the number of waiting calls. */
function limitsOf(limits: LimitsStatus | undefined): Partial<Cell> {
  if (limits === undefined) return {}
  const { maxRequestsInFlight: most, rate, requests, waiting } = limits
  const inFlight =
    most === undefined
      ? `${formatCount(requests)} in flight`
      : `${formatCount(requests)} of ${formatCount(most)} in flight`
  const parts = [inFlight, rate && `at most ${rate}`, `${formatCount(waiting)} waiting`]
  const sub = `limits: ${parts.filter((part) => part !== undefined).join(', ')}`
  return waiting > 0 ? { sub, tone: 'warn' } : { sub }
}

/** For an Inngest route: a durable or passthrough route has none. */
function encryptionOf(
  encryption: RouteStatus['encryption'],
  { inPlain, unchecked }: UpstreamSeen,
): Partial<Cell> {
  if (encryption === undefined) return {}
  const counts = `in plain: ${formatCount(inPlain)}, not checked: ${formatCount(unchecked)}`
  const sub = `encryption ${encryption}, ${counts}`
  return inPlain === 0 ? { sub } : { sub, tone: 'warn' }
}

function statusOf({ lastStatus }: UpstreamSeen): string | undefined {
  return lastStatus === undefined ? undefined : `status ${String(lastStatus)}`
}

function healthOf(seen: UpstreamSeen): Cell {
  const { lastAnswerMs, lastFaultMs, answers, faults } = seen
  if (lastAnswerMs === undefined && lastFaultMs === undefined) {
    return { text: 'not called yet', tone: 'quiet' }
  }
  const sub = `${formatCount(answers)} responses, ${formatCount(faults)} faults`
  return (lastAnswerMs ?? 0) >= (lastFaultMs ?? 0)
    ? { text: 'responding', sub, tone: 'good' }
    : { text: 'fails', sub, tone: 'bad' }
}

export function describeKeys(keys: readonly KeyStatus[], nowMs: number): Row[] {
  return keys.map(({ route, slot, label, lastVerifiedMs }) => ({
    key: `${route} ${String(slot)} ${label}`,
    cells: [
      { text: label, sub: `${route}, key ${String(slot + 1)}` },
      {
        text: formatAgo(lastVerifiedMs, nowMs),
        tone: lastVerifiedMs === undefined ? 'quiet' : undefined,
      },
    ],
  }))
}

export function describeAllowed({ allowed }: RangesStatus): Row[] {
  return allowed
    .filter(({ ipv4, ipv6 }) => ipv4 + ipv6 > 0)
    .map(({ source, ipv4, ipv6 }) => ({
      key: source,
      cells: [source, formatCount(ipv4), formatCount(ipv6)].map((text) => ({ text })),
    }))
}

export function describeLists({ lists }: RangesStatus, nowMs: number): Row[] {
  return lists.map(({ source, ranges, fetchedMs }) => ({
    key: source,
    cells: [
      { text: source },
      { text: formatCount(ranges) },
      // Lists that come with the release were not read from a source.
      { text: source === 'bundled' ? 'built in' : formatAgo(fetchedMs, nowMs) },
    ],
  }))
}

export function describeUnlisted({ unlisted, takenMs }: Status): Row[] {
  return unlisted.map(({ range, routes, signatures, lastMs, isActive }) => ({
    key: range,
    cells: [
      { text: range, sub: unlistedMeaning(range), tone: isActive ? 'warn' : 'quiet' },
      { text: routes.join(', ') },
      { text: formatCount(signatures) },
      { text: formatAgo(lastMs, takenMs) },
    ],
  }))
}
