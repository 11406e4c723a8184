/** Settings that are valid, but rarely intended in the long term. */
import type { Settings } from './compile.ts'
import { findAmbiguity } from '../admit/checks/stricter-route.ts'
import { serverOf } from '../ip/server-of.ts'
import {
  isSigning,
  type DurableRoutePolicy,
  type Policy,
  type RoutePolicy,
} from '../admit/policy.ts'
import { notEnforced } from '../admit/route-checks.ts'

export interface Warning {
  readonly message: string
  /** The place and the value; never a secret. */
  readonly fields: Readonly<Record<string, string>>
}

export function warningsOf({ policy, config }: Settings): readonly Warning[] {
  const { routes } = policy
  const unenforced = notEnforced(routes).map(([route, check, mode]) => ({
    message: 'a check is not enforced',
    fields: { route, check, mode },
  }))
  const keys = routes.flatMap((route) =>
    isSigning(route) ? [...route.signingKeys, ...(route.resign ? [route.resign.key] : [])] : [],
  )
  const labels = keys.filter(({ hasInngestForm }) => !hasInngestForm).map(({ label }) => label)
  const malformed = [...new Set(labels)].map((key) => ({
    message: 'a signing key is not one that Inngest makes',
    fields: { key, expected: 'hexadecimal digits, an even number of at least 32' },
  }))
  const legacy = routes
    .filter((route) => route.kind === 'inngest' && route.isServerLegacy)
    .map(({ name: route }) => ({
      message: 'a captured call can be replayed for another fnId or stepId',
      fields: {
        route,
        setting: 'legacyServer',
        remedy: 'update the Inngest server to 1.13.5 or later and remove the setting',
      },
    }))
  return [
    ...unenforced,
    ...legacy,
    ...routes.flatMap((route) =>
      route.kind === 'durable' ? warningsOfDurable(route, routes) : [],
    ),
    ...routes.flatMap((route) => anyApp(route, routes)),
    ...routes.flatMap((route) => refusedWhole(route, routes)),
    ...(config.externalAuth === undefined ? [] : routes.flatMap(unlimitedIn)),
    ...routes.flatMap((route) => unrememberedIn(route, policy)),
    ...malformed,
  ]
}

/** It admits what routes with `apps` refuse, because all of these apps share a key. */
function anyApp(route: RoutePolicy, routes: readonly RoutePolicy[]): readonly Warning[] {
  if (route.kind !== 'inngest' || route.apps !== undefined) return []
  const sharing = routes.filter(
    (other) =>
      other.kind === 'inngest' &&
      other.apps !== undefined &&
      other.signingKeys.some((key) => route.signingKeys.some((own) => own.isSameKey(key))),
  )
  if (sharing.length === 0) return []
  const fields = {
    route: route.name,
    shares_a_key_with: sharing.map(({ name }) => name).join(', '),
    remedy: 'list the apps of this route in its apps, too',
  }
  return [{ message: 'a route without apps admits the calls of every app', fields }]
}

/** A route whose own path the app could already take for a stricter route's, and so every path below it. */
function refusedWhole(route: RoutePolicy, routes: readonly RoutePolicy[]): readonly Warning[] {
  const { name, host = '', path } = route
  const ambiguous = findAmbiguity({ route, host, path }, routes)
  if (ambiguous?.mode !== 'enforce') return []
  const { reason } = ambiguous
  const remedy = 'give it a path that is neither below that of another route nor a spelling of it'
  return [
    { message: 'every request to a route is refused', fields: { route: name, reason, remedy } },
  ]
}

function warningsOfDurable(
  route: DurableRoutePolicy,
  routes: readonly RoutePolicy[],
): readonly Warning[] {
  return [...sharedKeysOf(route, routes), ...waysAround(route, routes)]
}

/** The root is part of every path, so a passthrough route cannot refuse it under other hosts. */
function waysAround(
  { name, path, upstream }: DurableRoutePolicy,
  routes: readonly RoutePolicy[],
): readonly Warning[] {
  if (path !== '/') return []
  const isSameApp = (other: RoutePolicy) =>
    other.upstream.socketPath === upstream.socketPath &&
    serverOf(other.upstream.origin) === serverOf(upstream.origin)
  const open = routes.filter((other) => other.kind === 'passthrough' && isSameApp(other))
  return open.map((other) => ({
    message: 'a passthrough route leads to the app of a durable route',
    fields: {
      route: other.name,
      durable: name,
      remedy:
        'give the durable route the path of its endpoints: it is then refused under other hosts',
    },
  }))
}

/** An introspection is signed over an empty body, as a re-entry with an empty body is. */
function sharedKeysOf(
  { name, signingKeys }: DurableRoutePolicy,
  routes: readonly RoutePolicy[],
): readonly Warning[] {
  const others = routes.filter(
    (other) =>
      other.kind === 'inngest' &&
      other.signingKeys.some((key) => signingKeys.some((own) => own.isSameKey(key))),
  )
  if (others.length === 0) return []
  return [
    {
      message: 'the signature of an introspection is also that of a re-entry with an empty body',
      fields: {
        route: name,
        shares_a_key_with: others.map((other) => other.name).join(', '),
        remedy: 'give the durable endpoints an Inngest environment of their own (requireOwnKeys)',
      },
    },
  ]
}

/** The proxy forwards such a request itself, so the gateway does not know when the app has responded. */
function unlimitedIn(route: RoutePolicy): readonly Warning[] {
  if (route.kind !== 'inngest' || route.limits === undefined) return []
  return [
    {
      message: 'the limits of a route do not apply to external authorization',
      fields: { route: route.name, remedy: 'limit the calls in the proxy that forwards them' },
    },
  ]
}

/** How a signature is handled that is older than the store's memory of its use, if freshness admits it. */
function unrememberedIn(
  { name, kind, checks }: RoutePolicy,
  { freshness: { maxAgeSeconds, clockToleranceSeconds } }: Policy,
): readonly Warning[] {
  if (kind === 'passthrough' || checks.freshness === 'enforce' || checks.replay === 'off') return []
  const message =
    checks.replay === 'enforce'
      ? 'older signatures are refused in spite of this setting, since their claims have expired'
      : 'older signatures can be replayed, since their claims have expired'
  const olderThan = `${String(maxAgeSeconds + clockToleranceSeconds)} s`
  return [{ message, fields: { route: name, freshness: checks.freshness, older_than: olderThan } }]
}

/** In the format for a terminal. */
export function formatWarning({ message, fields }: Warning): string {
  const details = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return `warning: ${message} (${details.join('; ')})`
}
