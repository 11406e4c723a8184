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

export function listenerClash(
  file: string,
  { listen, ops }: { listen: Listener; ops: Listener },
  lineOf: LineOf,
): Problem | undefined {
  if (listen.port !== ops.port || ops.port === 0) return undefined
  const everyAddress = ['0.0.0.0', '::']
  const overlap =
    listen.host === ops.host || [listen.host, ops.host].some((host) => everyAddress.includes(host))
  if (!overlap) return undefined
  return {
    file,
    line: lineOf(['ops', 'port']),
    path: 'ops.port',
    expected: 'a port other than listen.port',
    found: String(ops.port),
  }
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
