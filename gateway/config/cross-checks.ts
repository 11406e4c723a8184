/** Conflicts between parts of a configuration that are each valid. */
import { canonicalAuthority } from '../ip/authority.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import { parseServeOrigin } from './origin.ts'
import {
  describeFound,
  formatPath,
  problemAt,
  type Locate,
  type Place,
  type Problem,
} from './problem.ts'

export function doubledRoutes(
  routes: readonly Record<string, unknown>[],
  defaultPath: string,
  locate: Locate,
): Problem[] {
  const problems: Problem[] = []
  /** The first route with each of them. */
  const seen = new Map<string, number>()
  for (const [i, route] of routes.entries()) {
    const { name } = route
    const nameKey = `name ${String(name)}`
    const targetKey = targetOf(route, defaultPath)
    const earlier = {
      name: name === undefined ? undefined : seen.get(nameKey),
      path: seen.get(targetKey),
    }
    for (const key of ['name', 'path'] as const) {
      const other = earlier[key]
      if (other === undefined) continue
      const place = locate(['routes', i, key])
      const expected = key === 'name' ? 'a unique name' : 'a unique host and path'
      const earlierRoute = nameOf(routes[other], locate(['routes', other]), place)
      const found = `${key === 'name' ? 'that' : 'those'} of ${earlierRoute}`
      problems.push(problemAt(place, { expected, found }))
    }
    for (const key of [nameKey, targetKey]) if (!seen.has(key)) seen.set(key, i)
  }
  return problems
}

/** Two routes cannot have the same target. */
function targetOf(route: Record<string, unknown>, defaultPath: string): string {
  const isBelow = !isInngest(route)
  const host = isDurable(route) ? pinnedHost(route) : route['host']
  return JSON.stringify([
    isBelow ? 'below' : 'at',
    typeof host === 'string' ? (canonicalAuthority(host, undefined) ?? host) : '',
    route['path'] ?? (isBelow ? '/' : defaultPath),
  ])
}

/** @param from the place of the message: a route in another file is named with its file. */
function nameOf(
  route: Record<string, unknown> | undefined,
  { file, line, path }: Place,
  from: Place,
): string {
  const place = formatPath(path)
  const name = typeof route?.['name'] === 'string' ? `, ${describeFound(route['name'], [])}` : ''
  return file === from.file ? `${place}${name}` : `${place}${name}, in ${file}:${String(line ?? 1)}`
}

/** The source of the traffic port if it is not `listen.port`. The message names it instead. */
interface PortSource {
  readonly origin: string
  readonly name: string
}

/** Two listeners with the same port on the same address. */
export function listenerClashes(
  {
    listen,
    ops,
    externalAuth,
  }: { listen: Listener; ops: Listener; externalAuth?: Listener | undefined },
  locate: Locate,
  given?: PortSource,
): Problem[] {
  const clash = (name: string, own: Listener, otherName: string, other: Listener): Problem[] => {
    if (!isClash(own, other)) return []
    const found = String(own.port)
    if (given !== undefined && otherName === 'listen') {
      const expected = `a port other than ${name}.port`
      return [{ file: given.origin, line: undefined, path: given.name, expected, found }]
    }
    const expected = `a port other than ${otherName}.port`
    return [problemAt(locate([name, 'port']), { expected, found })]
  }
  const asked =
    externalAuth === undefined
      ? []
      : [
          ...clash('externalAuth', externalAuth, 'listen', listen),
          ...clash('externalAuth', externalAuth, 'ops', ops),
        ]
  return [...clash('ops', ops, 'listen', listen), ...asked]
}

function isClash(one: Listener, other: Listener): boolean {
  if (one.port !== other.port || one.port === 0) return false
  const everyAddress = ['0.0.0.0', '::']
  const hosts = [one, other].map(({ host }) => (host === 'localhost' ? '127.0.0.1' : host))
  return hosts[0] === hosts[1] || hosts.some((host) => everyAddress.includes(host))
}

interface Listener {
  readonly host: string
  readonly port: number
}

export function isPassthrough(route: Record<string, unknown>): boolean {
  return route['policy'] === 'passthrough'
}

function isDurable(route: Record<string, unknown>): boolean {
  return route['policy'] === 'durable'
}

export function isInngest(route: Record<string, unknown>): boolean {
  return !isPassthrough(route) && !isDurable(route)
}

/** A durable route has one host, which either key can set. */
function pinnedHost({ host, serveOrigin }: Record<string, unknown>): unknown {
  if (host !== undefined) return host
  return typeof serveOrigin === 'string' ? parseServeOrigin(serveOrigin)?.host : undefined
}

interface RouteWithKeys {
  readonly policy: 'inngest' | 'passthrough' | 'durable'
  readonly requireOwnKeys: boolean
  readonly legacyServer: boolean
}

/**
 * Signing keys that a durable route shares with a route where this is not allowed. If that route is for a
 * server before 1.13.5, whose calls are not claimed by their MAC alone, a captured call could be sent as a
 * re-entry.
 * @param keys of each route, in the order of `routes`.
 */
export function sharedKeys(
  routes: readonly RouteWithKeys[],
  keys: readonly (readonly SigningKey[])[],
  locate: Locate,
): Problem[] {
  return routes.flatMap(({ policy, requireOwnKeys }, i) => {
    if (policy !== 'durable') return []
    return (keys[i] ?? []).flatMap((key, slot) => {
      const other = routes.findIndex(
        (route, j) =>
          route.policy === 'inngest' &&
          (requireOwnKeys || route.legacyServer) &&
          keys[j]?.some((each) => each.isSameKey(key)) === true,
      )
      if (other === -1) return []
      const place = locate(['routes', i, 'signingKeys', slot])
      const expected = requireOwnKeys
        ? 'a signing key that no Inngest route has, since requireOwnKeys is true'
        : 'a signing key that no Inngest route with legacyServer has'
      const found = `that of ${formatPath(locate(['routes', other]).path)}`
      return [problemAt(place, { expected, found })]
    })
  })
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
