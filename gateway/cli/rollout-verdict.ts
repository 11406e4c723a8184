/** The report of a rollout as a document, for `--json` and as the input of the text. */
import { faults } from '../admit/faults.ts'
import { reasons } from '../admit/reasons.ts'
import { notations, formatQuantity } from '../config/schema/units.ts'
import type { CheckSeen, Example, RefusalSeen, RouteSeen } from '../rollout/seen.ts'
import {
  judgeCheck,
  worstOf,
  type CheckVerdict,
  type Thresholds,
  type Verdict,
} from '../rollout/verdict.ts'
import { formatCount, nameOf } from '../rollout/words.ts'

/** The source of the data, and the parts that were not counted. */
export type Source =
  | { readonly source: 'status' }
  | { readonly source: 'log'; readonly otherLines: number; readonly requestsBefore: number }

export type Rollout = ReturnType<typeof judgeRollout>

/** The names are documented (docs/reference/command-line.md), so each is written out. */
export function judgeRollout(routes: readonly RouteSeen[], thresholds: Thresholds, source: Source) {
  const judged = routes.map((route) => judgeRoute(route, thresholds))
  const { minRequests, minSyncs, minPeriodMs, accepted } = thresholds
  return {
    verdict: worstOf(judged.map(({ verdict }) => verdict)),
    ...source,
    thresholds: {
      minRequests,
      minSyncs,
      minPeriod: formatQuantity(minPeriodMs, notations.Ms),
      accepted: [...accepted],
    },
    routes: judged,
  }
}

export type JudgedRoute = ReturnType<typeof judgeRoute>

function judgeRoute({ route, policy, checks }: RouteSeen, thresholds: Thresholds) {
  const judged = checks.map((seen) => judgedCheck(seen, judgeCheck(policy, seen, thresholds)))
  return { route, policy, verdict: worstOf(judged.map(({ verdict }) => verdict)), checks: judged }
}

export type JudgedCheck = ReturnType<typeof judgedCheck>

function judgedCheck(
  { check, requests, firstMs, lastMs, passed, refusals }: CheckSeen,
  { verdict, missing, blocking }: CheckVerdict,
) {
  const isSeen = requests > 0
  return {
    check,
    verdict: verdict satisfies Verdict,
    requests,
    first: isSeen ? isoTime(firstMs) : null,
    last: isSeen ? isoTime(lastMs) : null,
    period: formatPeriod(lastMs - firstMs),
    passed,
    missing: missing.map(({ what, seen, needed }) => {
      const written = (value: number) =>
        what === 'period' ? formatPeriod(value) : formatCount(value)
      return { what: nameOf(what), seen: written(seen), needed: written(needed) }
    }),
    refusals: refusals.map((refusal) => judgedRefusal(refusal, blocking.includes(refusal))),
  }
}

function judgedRefusal(refusal: RefusalSeen, isBlocking: boolean) {
  const { reason, count, strangers, refusedAnyway, firstMs, lastMs, examples } = refusal
  return {
    reason,
    blocking: isBlocking,
    count,
    strangers,
    refusedAnyway,
    first: isoTime(firstMs),
    last: isoTime(lastMs),
    ...explain(reason),
    examples: examples.map(documentOfExample),
  }
}

function documentOfExample(example: Example) {
  const { timeMs, requestId, remoteAddress, clientAddress, method, path, diagnosis } = example
  return {
    time: isoTime(timeMs),
    request_id: requestId,
    remote_ip: remoteAddress,
    client_ip: clientAddress,
    method,
    path,
    diagnosis,
  }
}

function explain(reason: string): { readonly meaning: string; readonly remedy: string } {
  const rows: Readonly<Record<string, { readonly meaning: string; readonly remedy: string }>> = {
    ...faults,
    ...reasons,
  }
  const row = Object.hasOwn(rows, reason) ? rows[reason] : undefined
  const {
    meaning = 'This version does not know the reason.',
    remedy = 'Use the rollout-report of the version that wrote the log.',
  } = row ?? {}
  return { meaning, remedy }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

/** In whole minutes, or in seconds for a shorter period. */
function formatPeriod(milliseconds: number): string {
  const step = milliseconds < 60_000 ? 1000 : 60_000
  return formatQuantity(Math.floor(milliseconds / step) * step, notations.Ms)
}
