/** The connections to the apps of all routes of one kind. */
import type { RoutePolicy } from '../admit/policy.ts'
import type { UpstreamOptions, UpstreamPool, UpstreamPools } from './upstream-pool.ts'

export class RoutePools {
  readonly #shared: UpstreamPools
  readonly #pools = new Map<RoutePolicy, UpstreamPool>()

  constructor(
    kind: RoutePolicy['kind'],
    routes: readonly RoutePolicy[],
    options: UpstreamOptions,
    shared: UpstreamPools,
  ) {
    this.#shared = shared
    for (const route of routes) {
      if (route.kind !== kind) continue
      this.#pools.set(route, shared.acquire({ kind, upstream: route.upstream, options }))
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
