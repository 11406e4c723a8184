/**
 * Observations of the checks in report mode. They are plain values, which are sent to another process and
 * output as JSON, and contain data from log lines only.
 */
import type { RoutePolicy } from '../admit/policy.ts'
import type { ReportableCheck } from '../admit/route-checks.ts'
import type { RequestKind } from './check-rows.ts'

export interface RouteSeen {
  readonly route: string
  readonly policy: RoutePolicy['kind']
  readonly checks: readonly CheckSeen[]
}

/** Since the check is in report mode, as far as this was observed. */
export interface CheckSeen {
  /** `other`: reasons from a check of another route that also applies here (stricter-route.ts). */
  readonly check: ReportableCheck | 'other'
  /** Requests on the route. */
  readonly requests: number
  /** The time of the first and of the last request, Unix milliseconds; 0 if there was none. */
  readonly firstMs: number
  readonly lastMs: number
  /** Forwarded requests that the check would have admitted. */
  readonly passed: { readonly [Kind in RequestKind]?: number | undefined }
  readonly refusals: readonly RefusalSeen[]
}

export interface RefusalSeen {
  readonly reason: string
  /** Forwarded requests that would have been refused for this reason. */
  readonly count: number
  /** Unsigned requests from addresses in no range: they fail two independent checks. Not in `count`. */
  readonly strangers: number
  /** Requests that an enforced check refused. Not in `count`. */
  readonly refusedAnyway: number
  readonly firstMs: number
  readonly lastMs: number
  /** The last few of `count`, oldest first. */
  readonly examples: readonly Example[]
}

export interface Example {
  readonly timeMs: number
  readonly requestId?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly clientAddress?: string | undefined
  readonly method?: string | undefined
  readonly path?: string | undefined
  readonly diagnosis?: string | undefined
}
