/** The apps that each route is for, and the routes that share learned function pairs. */
import type { SigningKey } from '../inngest/signing-key.ts'
import type { AppIds, AppsPolicy } from '../admit/policy.ts'

interface RouteWithApps {
  readonly name: string
  readonly apps?: readonly string[] | undefined
}

/** The ids of all routes, independent of their keys: a known id is never the start of another function's name. */
export function appIdsOf(routes: readonly RouteWithApps[]): AppIds {
  const all = routes.flatMap(({ apps = [] }) => apps)
  const longest = all.reduce((most, { length }) => Math.max(most, length), 0)
  return { ids: new Map(all.map((id) => [id, id])), longest }
}

export function appsOf({ apps }: RouteWithApps, known: AppIds): AppsPolicy | undefined {
  return apps && { served: new Set(apps), known }
}

/**
 * A call for one app with the `fnId` of another would teach a wrong pair to a route that was never called for
 * the first app. So routes with `apps` share their pairs if they share a signing key, also through a third
 * route, as in a rotation: a function id then has the same name for all of them. Their scope is the name of the
 * first route.
 * @param keys of each route, in the order of `routes`.
 */
export function pairScopes(
  routes: readonly RouteWithApps[],
  keys: readonly (readonly SigningKey[])[],
): string[] {
  const scopes = routes.map(({ name }) => name)
  for (const [i, { apps, name }] of routes.entries()) {
    if (apps === undefined) continue
    const joined = routes.flatMap((other, j) =>
      j < i && other.apps !== undefined && sharesKey(keys[i] ?? [], keys[j] ?? [])
        ? [scopes[j] ?? other.name]
        : [],
    )
    const scope = routes.find((other) => joined.includes(other.name))?.name ?? name
    // Groups that had no key in common before this route are one from here on.
    for (const [j, own] of scopes.entries()) if (joined.includes(own)) scopes[j] = scope
    scopes[i] = scope
  }
  return scopes
}

function sharesKey(some: readonly SigningKey[], others: readonly SigningKey[]): boolean {
  return some.some((key) => others.some((other) => other.isSameKey(key)))
}
