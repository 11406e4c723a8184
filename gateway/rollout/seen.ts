/**
 * What the checks in report mode have seen: plain values, which go to another process and into JSON. They hold
 * what the log line of a request has, and nothing else.
 */
import type { RoutePolicy } from '../admit/policy.ts'
import type { ReportableCheck } from '../admit/route-checks.ts'
import type { RequestKind } from './check-rows.ts'

export interface RouteSeen {
  readonly route: string
  readonly policy: RoutePolicy['kind']
  readonly checks: readonly CheckSeen[]
}

/** Since the check is in report mode, as far as that was seen. */
export interface CheckSeen {
  /** `other`: reasons of a check of another route, which this one has to keep (stricter-route.ts). */
  readonly check: ReportableCheck | 'other'
  /** Requests on the route. */
  readonly requests: number
  /** Of the first and the last of them, Unix milliseconds; 0 if there was none. */
  readonly firstMs: number
  readonly lastMs: number
  /** Forwarded requests that the check judged and would have admitted. */
  readonly passed: { readonly [Kind in RequestKind]?: number | undefined }
  readonly refusals: readonly RefusalSeen[]
}

export interface RefusalSeen {
  readonly reason: string
  /** Requests that were forwarded, and would have been refused for this reason. */
  readonly count: number
  /** Unsigned and from no listed address: fails two independent checks. Not in `count`. */
  readonly strangers: number
  /** Refused all the same, by a check that is enforced. Not in `count`. */
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
