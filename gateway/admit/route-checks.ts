/** The checks that a route has, and those that are not enforced. */
import {
  defaultModes,
  moderatedChecks,
  type CheckMode,
  type ModeratedCheck,
  type RoutePolicy,
} from './policy.ts'

const STRICTNESS: Readonly<Record<CheckMode, number>> = { off: 0, report: 1, enforce: 2 }

/** Whether the operator relaxed a check. The default mode needs no warning. */
export function isRelaxed(mode: CheckMode, byDefault: CheckMode): boolean {
  return STRICTNESS[mode] < STRICTNESS[byDefault]
}

/** The checks of a re-entry that may be relaxed. The check for exactly one run id is not one of them. */
export const reentryChecks = [
  'allowlist',
  'signature',
  'freshness',
  'replay',
] as const satisfies readonly ModeratedCheck[]

/** Route, check and mode of each check that is relaxed below its default. */
export function notEnforced(routes: readonly RoutePolicy[]): (readonly [string, string, string])[] {
  return routes.flatMap((route) => {
    const { name, checks } = route
    return checksOf(route).flatMap((check) =>
      isRelaxed(checks[check], defaultModes[check]) ? [[name, check, checks[check]] as const] : [],
    )
  })
}

/** The checks that can refuse something on this route. */
function checksOf(route: RoutePolicy): readonly ModeratedCheck[] {
  if (route.kind === 'durable') return reentryChecks
  if (route.kind === 'passthrough') return route.allowlist === undefined ? [] : ['allowlist']
  return route.apps === undefined
    ? moderatedChecks.filter((check) => check !== 'app')
    : moderatedChecks
}

/** The checks that can be in report mode: each check, and `encryption` of a route, which is off by default. */
export const reportableChecks = [...moderatedChecks, 'encryption'] as const

export type ReportableCheck = (typeof reportableChecks)[number]

/** The checks of a route in report mode, by default or by configuration. */
export function reportedChecks(route: RoutePolicy): readonly ReportableCheck[] {
  const reported = checksOf(route).filter((check) => route.checks[check] === 'report')
  const hasEncryption = route.kind === 'inngest' && route.encryption?.mode === 'report'
  return hasEncryption ? [...reported, 'encryption'] : reported
}

/**
 * The checks in report mode, by route, for the log lines of a start and of a reload, which `rollout-report`
 * reads.
 */
export function reportModes(routes: readonly RoutePolicy[]): readonly {
  readonly name: string
  readonly policy: string
  readonly report: readonly string[]
}[] {
  return routes.map((route) => ({
    name: route.name,
    policy: route.kind,
    report: reportedChecks(route),
  }))
}
