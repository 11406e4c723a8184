/** The refusals of the checks in report mode on each route, since the start. */
import type { RoutePolicy } from '../../admit/policy.ts'
import { reportedChecks } from '../../admit/route-checks.ts'
import type { LoggedRequest } from '../../rollout/logged-request.ts'
import { RouteTally } from '../../rollout/route-tally.ts'
import type { CheckSeen } from '../../rollout/seen.ts'

interface Followed {
  readonly policy: RoutePolicy
  readonly tally: RouteTally
}

export class ReportModes {
  /** By route. Only the operator adds names of routes. */
  readonly #routes = new Map<string, Followed>()
  /** Policies that a reload has replaced. A request that began before the reload may end long after it. */
  readonly #replaced = new WeakSet<RoutePolicy>()

  add(route: RoutePolicy, request: LoggedRequest, endedMs: number): void {
    this.#follow(route).add(request, endedMs)
  }

  read(route: RoutePolicy): readonly CheckSeen[] {
    return this.#follow(route).read().checks
  }

  #follow(route: RoutePolicy): RouteTally {
    const known = this.#routes.get(route.name)
    if (known !== undefined && (known.policy === route || this.#replaced.has(route)))
      return known.tally
    if (known !== undefined) this.#replaced.add(known.policy)
    const tally =
      known?.policy.kind === route.kind ? known.tally : new RouteTally(route.name, route.kind)
    tally.follow(reportedChecks(route))
    this.#routes.set(route.name, { policy: route, tally })
    return tally
  }
}
