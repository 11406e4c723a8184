/** The connections to the apps of all routes, for requests that are verified or for those that are not. */
import type { RoutePolicy } from '../admit/policy.ts'
import type { RequestUse, UpstreamOptions, UpstreamPool, UpstreamPools } from './upstream-pool.ts'

export class RoutePools {
  readonly #shared: UpstreamPools
  readonly #pools = new Map<RoutePolicy, UpstreamPool>()

  constructor(
    use: RequestUse,
    routes: readonly RoutePolicy[],
    options: UpstreamOptions,
    shared: UpstreamPools,
  ) {
    this.#shared = shared
    const unused = use === 'verified' ? 'passthrough' : 'inngest'
    for (const route of routes) {
      if (route.kind === unused) continue
      this.#pools.set(route, shared.acquire({ use, upstream: route.upstream, options }))
    }
  }

  of(route: RoutePolicy): UpstreamPool {
    const pool = this.#pools.get(route)
    if (pool === undefined) throw new Error(`route ${route.name} has no pool`)
    return pool
  }

  close(): void {
    for (const pool of this.#pools.values()) this.#shared.release(pool)
  }
}
