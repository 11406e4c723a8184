/** Counts for each check in report mode on one route. */
import type { RoutePolicy } from '../admit/policy.ts'
import type { ReportableCheck } from '../admit/route-checks.ts'
import { checkRows, judgedKinds } from './check-rows.ts'
import { CheckTally } from './check-tally.ts'
import { isSigned, kindOf, outcomeOf, type LoggedRequest } from './logged-request.ts'
import type { RouteSeen } from './seen.ts'

const NONE: readonly string[] = []

export class RouteTally {
  readonly #route: string
  readonly #policy: RoutePolicy['kind']
  #checks = new Map<ReportableCheck, CheckTally>()
  /** Made when there is something to count. */
  #other: CheckTally | undefined

  constructor(route: string, policy: RoutePolicy['kind']) {
    this.#route = route
    this.#policy = policy
  }

  /** Starts at zero for each check that was not in report mode before, and drops those that no longer are. */
  follow(report: readonly ReportableCheck[]): void {
    const followed = report.map((check) => {
      const known = this.#checks.get(check)
      return [check, known ?? new CheckTally(check, judgedKinds(this.#policy, check))] as const
    })
    this.#checks = new Map(followed)
  }

  add(request: LoggedRequest, timeMs: number): void {
    const reasons = request.report_only ?? NONE
    const judged = {
      request,
      timeMs,
      kind: kindOf(this.#policy, request),
      outcome: outcomeOf(request),
      isSigned: isSigned(request),
      reasons,
    }
    for (const [check, tally] of this.#checks) {
      tally.add(judged, reasons.length === 0 ? NONE : reasons.filter((each) => isOf(check, each)))
    }
    const others = reasons.length === 0 ? NONE : reasons.filter((each) => !this.#isReported(each))
    if (others.length === 0) return
    this.#other ??= new CheckTally('other', [])
    this.#other.add(judged, others)
  }

  read(): RouteSeen {
    const tallies = [...this.#checks.values(), ...(this.#other === undefined ? [] : [this.#other])]
    const checks = tallies.map((tally) => tally.read())
    return { route: this.#route, policy: this.#policy, checks }
  }

  #isReported(reason: string): boolean {
    return [...this.#checks.keys()].some((check) => isOf(check, reason))
  }
}

function isOf(check: ReportableCheck, reason: string): boolean {
  const { reasons }: { readonly reasons: readonly string[] } = checkRows[check]
  return reasons.includes(reason)
}
