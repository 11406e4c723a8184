/** Merges the observations of several processes for the checks of one route. */
import { KEPT_EXAMPLES } from './check-tally.ts'
import { requestKinds, type RequestKind } from './check-rows.ts'
import type { CheckSeen, RefusalSeen } from './seen.ts'

export function mergeChecks(a: readonly CheckSeen[], b: readonly CheckSeen[]): CheckSeen[] {
  const ofBoth = a.map((one) => {
    const other = b.find(({ check }) => check === one.check)
    return other === undefined ? one : merge(one, other)
  })
  const ofOne = b.filter(({ check }) => a.every((one) => one.check !== check))
  return [...ofBoth, ...ofOne]
}

function merge(a: CheckSeen, b: CheckSeen): CheckSeen {
  if (a.requests === 0) return b
  if (b.requests === 0) return a
  return {
    check: a.check,
    requests: a.requests + b.requests,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
    passed: mergePassed(a.passed, b.passed),
    refusals: mergeRefusals(a.refusals, b.refusals),
  }
}

function mergePassed(a: CheckSeen['passed'], b: CheckSeen['passed']): CheckSeen['passed'] {
  const sumOf = (kind: RequestKind) => (a[kind] ?? 0) + (b[kind] ?? 0)
  return Object.fromEntries(requestKinds.map((kind) => [kind, sumOf(kind)]))
}

function mergeRefusals(a: readonly RefusalSeen[], b: readonly RefusalSeen[]): RefusalSeen[] {
  const byReason = new Map(a.map((refusal) => [refusal.reason, refusal]))
  for (const refusal of b) {
    const other = byReason.get(refusal.reason)
    byReason.set(refusal.reason, other === undefined ? refusal : addRefusals(other, refusal))
  }
  return [...byReason.values()]
}

function addRefusals(a: RefusalSeen, b: RefusalSeen): RefusalSeen {
  const examples = [...a.examples, ...b.examples].sort((x, y) => x.timeMs - y.timeMs)
  return {
    reason: a.reason,
    count: a.count + b.count,
    strangers: a.strangers + b.strangers,
    refusedAnyway: a.refusedAnyway + b.refusedAnyway,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
    examples: examples.slice(-KEPT_EXAMPLES),
  }
}
