/** The settings in force as YAML, each value with its source. They contain no secret. */
import { Document, isMap, isScalar, isSeq, type Node } from 'yaml'

import type { Settings } from './compile.ts'
import type { OriginOf } from './read/written.ts'
import { toFile } from './schema/code-names.ts'
import { middlewareOf } from './schema/encryption.ts'
import { formatQuantity, notations } from './schema/units.ts'
import type { CheckModes, RoutePolicy } from '../admit/policy.ts'
import { reentryChecks } from '../admit/route-checks.ts'

/** @param originOf adds the source of each value, if given. */
export function describeSettings(settings: Settings, originOf?: OriginOf): string {
  const document = new Document(effectiveConfig(settings))
  annotate(document.contents, [], originOf)
  return document.toString({ lineWidth: 0 })
}

/** Includes the values that the environment and `checks` set for a route. */
function effectiveConfig({ config, policy }: Settings): object {
  const routes = config.routes.map((route, i) => {
    const compiled = policy.routes[i]
    if (compiled === undefined) return route
    const { path, serveOrigin } = compiled
    return {
      ...route,
      path,
      ...(serveOrigin && { serveOrigin: `${serveOrigin.protocol}://${serveOrigin.host}` }),
      ...(compiled.kind === 'durable' && {
        maxBodySize: formatQuantity(compiled.users.maxBodyBytes, notations.Bytes),
      }),
      ...(route.limits && {
        limits: { ...route.limits, maxWait: formatQuantity(route.limits.maxWait, notations.Ms) },
      }),
      ...(route.encryption !== 'off' && { encryptionMiddleware: middlewareOf(route) }),
      checks: checksOf(compiled),
    }
  })
  return { ...toFile(config), routes }
}

/** The modes of the checks of a route. */
function checksOf({ kind, checks }: RoutePolicy): Partial<CheckModes> {
  if (kind === 'inngest') return checks
  const names = kind === 'durable' ? reentryChecks : (['allowlist'] as const)
  return Object.fromEntries(names.map((name) => [name, checks[name]]))
}

function annotate(node: Node | null, path: readonly PropertyKey[], originOf?: OriginOf): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      annotate(value as Node, [...path, String(isScalar(key) ? key.value : key)], originOf)
    }
  } else if (isSeq(node) && node.items.length > 0) {
    for (const [i, item] of node.items.entries()) annotate(item as Node, [...path, i], originOf)
  } else if (node !== null) {
    if (isSeq(node)) node.flow = true
    // It must have the same meaning when it is read again.
    if (isScalar(node) && typeof node.value === 'string') {
      node.value = node.value.replaceAll('${', () => '$${')
    }
    const comment = commentOf(path, originOf)
    if (comment !== '') node.comment = ` ${comment}`
  }
}

function commentOf(path: readonly PropertyKey[], originOf?: OriginOf): string {
  const origin = originOf && (originOf(path) ?? 'default')
  // Prints the reference, not the secret that it refers to.
  const isKey = path.includes('signingKeys') || path.includes('resignWith')
  const redacted = isKey ? 'its key is set, [redacted]' : undefined
  return [origin, redacted].filter((part) => part !== undefined).join('; ')
}
