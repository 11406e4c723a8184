/** What is wrong between parts of a configuration, each of which is right in itself. */
import { formatPath, type LineOf, type Problem } from './problem.ts'

export function doubledRoutes(
  file: string,
  routes: readonly Record<string, unknown>[],
  defaultPath: string,
  lineOf: LineOf,
): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const [i, route] of routes.entries()) {
    const { name, host, path } = route
    const isOpen = isPassthrough(route)
    const nameKey = `name ${String(name)}`
    const targetKey = JSON.stringify([
      isOpen ? 'below' : 'at',
      typeof host === 'string' ? host.toLowerCase() : '',
      path ?? (isOpen ? '/' : defaultPath),
    ])
    const isDoubled = { name: name !== undefined && seen.has(nameKey), path: seen.has(targetKey) }
    for (const key of ['name', 'path'] as const) {
      if (!isDoubled[key]) continue
      const keyPath = ['routes', i, key]
      const expected = key === 'name' ? 'a name of its own' : 'a host and path of its own'
      problems.push({
        file,
        line: lineOf(keyPath),
        path: formatPath(keyPath),
        expected,
        found: 'those of an earlier route',
      })
    }
    seen.add(nameKey).add(targetKey)
  }
  return problems
}

/** Two listeners that would want the same port of the same address. */
export function listenerClashes(
  file: string,
  {
    listen,
    ops,
    authorizer,
  }: { listen: Listener; ops: Listener; authorizer?: Listener | undefined },
  lineOf: LineOf,
): Problem[] {
  const clash = (name: string, own: Listener, otherName: string, other: Listener): Problem[] =>
    isClash(own, other)
      ? [
          {
            file,
            line: lineOf([name, 'port']),
            path: `${name}.port`,
            expected: `a port other than ${otherName}.port`,
            found: String(own.port),
          },
        ]
      : []
  const asked =
    authorizer === undefined
      ? []
      : [
          ...clash('authorizer', authorizer, 'listen', listen),
          ...clash('authorizer', authorizer, 'ops', ops),
        ]
  return [...clash('ops', ops, 'listen', listen), ...asked]
}

function isClash(one: Listener, other: Listener): boolean {
  if (one.port !== other.port || one.port === 0) return false
  const everyAddress = ['0.0.0.0', '::']
  return one.host === other.host || [one, other].some(({ host }) => everyAddress.includes(host))
}

interface Listener {
  readonly host: string
  readonly port: number
}

export function isPassthrough(route: Record<string, unknown>): boolean {
  return route['policy'] === 'passthrough'
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
