/** Rows of the checks in report mode, each with its observations and whether it can be enforced. */
import type { CheckSeen } from '../../rollout/seen.ts'
import { defaultThresholds, judgeCheck, type Verdict } from '../../rollout/verdict.ts'
import { checkName, describePassed, verdictNames } from '../../rollout/words.ts'
import { formatAgo, formatCount, formatSpan } from './format.ts'
import type { RouteStatus } from './status.ts'
import type { Row, Tone } from './view.ts'

const tones: Readonly<Record<Verdict, Tone>> = {
  safe: 'good',
  not_yet: 'warn',
  too_little_traffic: 'quiet',
}

/** The default thresholds of `rollout-report`, which has options for others. */
const thresholds = { ...defaultThresholds, accepted: new Set<string>() }

export function describeReportModes(routes: readonly RouteStatus[], nowMs: number): Row[] {
  return routes.flatMap(({ route, kind, reportMode }) =>
    reportMode.map((seen) => {
      const { verdict } = judgeCheck(kind, seen, thresholds)
      const span = formatSpan(seen.lastMs - seen.firstMs)
      return {
        key: `${route} ${seen.check}`,
        cells: [
          { text: checkName(seen.check), sub: route },
          { text: verdictNames[verdict], tone: tones[verdict] },
          {
            text: describePassed(seen.passed) ?? 'none',
            sub: seen.requests === 0 ? undefined : `in ${span}`,
          },
          { text: formatCount(refusedOf(seen)), sub: reasonsOf(seen) },
          { text: formatAgo(lastOf(seen), nowMs) },
        ],
      }
    }),
  )
}

function refusedOf({ refusals }: CheckSeen): number {
  return refusals.reduce((sum, { count }) => sum + count, 0)
}

function reasonsOf({ refusals }: CheckSeen): string | undefined {
  const names = refusals.filter(({ count }) => count > 0).map(({ reason }) => reason)
  return names.length === 0 ? undefined : names.join(', ')
}

function lastOf({ refusals }: CheckSeen): number | undefined {
  const times = refusals.filter(({ count }) => count > 0).map(({ lastMs }) => lastMs)
  return times.length === 0 ? undefined : Math.max(...times)
}
