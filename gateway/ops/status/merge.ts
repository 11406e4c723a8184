/** Merges the status of several processes to that of one gateway. */
import type { ClockState } from '../../record/clock-drift.ts'
import { decisions } from '../../record/request-record.ts'
import type { SdkSeen } from '../../record/sdk-inventory.ts'
import { mergeChecks } from '../../rollout/merge-checks.ts'
import { KEPT_REQUESTS, newestFirst } from './collect.ts'
import { KEPT_MINUTES, noAges } from './minutes.ts'
import type {
  KeyStatus,
  LimitsStatus,
  Minute,
  ReasonCount,
  RecentRequest,
  ReplayStatus,
  RouteStatus,
  Status,
  UpstreamSeen,
} from './status.ts'

/** @returns undefined if there is none. */
export function mergeStatuses(all: readonly Status[]): Status | undefined {
  const [first, ...others] = all
  return first && others.reduce(merge, first)
}

function merge(a: Status, b: Status): Status {
  return {
    takenMs: Math.max(a.takenMs, b.takenMs),
    startedMs: Math.min(a.startedMs, b.startedMs),
    processes: a.processes + b.processes,
    now: {
      requestsInFlight: a.now.requestsInFlight + b.now.requestsInFlight,
      connections: a.now.connections + b.now.connections,
      bufferedBytes: a.now.bufferedBytes + b.now.bufferedBytes,
    },
    minutes: mergeMinutes(a.minutes, b.minutes),
    reasons: mergeReasons(a.reasons, b.reasons),
    recent: mergeRecent(a.recent, b.recent),
    routes: mergeRoutes(a.routes, b.routes),
    sdkAdvisoriesDate: a.sdkAdvisoriesDate,
    keys: mergeKeys(a.keys, b.keys),
    // Every process reads the same lists.
    ranges: a.ranges,
    unlisted: [...a.unlisted, ...b.unlisted],
    replay: mergeReplay(a.replay, b.replay),
    clock: worse(a.clock, b.clock),
    settings: olderSettings(a.settings, b.settings),
    isRecording: a.isRecording || b.isRecording,
  }
}

/** One process may have reported before the end of a minute, and another after it. */
function mergeMinutes(a: readonly Minute[], b: readonly Minute[]): Minute[] {
  const byStart = new Map(a.map((minute) => [minute.startMs, minute]))
  for (const minute of b) {
    const other = byStart.get(minute.startMs)
    byStart.set(minute.startMs, other === undefined ? minute : addMinutes(other, minute))
  }
  return [...byStart.values()].sort((x, y) => x.startMs - y.startMs).slice(-KEPT_MINUTES)
}

function addMinutes(a: Minute, b: Minute): Minute {
  const reasons = { ...a.reasons }
  for (const [reason, count] of Object.entries(b.reasons)) {
    reasons[reason] = (reasons[reason] ?? 0) + count
  }
  const counts = { ...a.decisions }
  for (const decision of decisions) counts[decision] += b.decisions[decision]
  const ages = noAges().map((_, i) => (a.ages[i] ?? 0) + (b.ages[i] ?? 0))
  return { startMs: a.startMs, decisions: counts, reasons, ages }
}

function mergeReasons(a: readonly ReasonCount[], b: readonly ReasonCount[]): ReasonCount[] {
  const byReason = new Map(a.map((counted) => [counted.reason, counted]))
  for (const { reason, count, lastMs } of b) {
    const other = byReason.get(reason) ?? { count: 0, lastMs: 0 }
    const last = Math.max(lastMs, other.lastMs)
    byReason.set(reason, { reason, count: count + other.count, lastMs: last })
  }
  return [...byReason.values()]
}

/** As many of each kind as one process keeps. */
function mergeRecent(a: readonly RecentRequest[], b: readonly RecentRequest[]): RecentRequest[] {
  const kept = new Map<string, number>()
  return newestFirst([...a, ...b]).filter(({ fields }) => {
    const kind = `${fields.decision} ${String(fields.key_slot !== undefined)}`
    const count = (kept.get(kind) ?? 0) + 1
    kept.set(kind, count)
    return count <= KEPT_REQUESTS
  })
}

/** A reload reaches one process a moment before another, so one may have more routes. */
function mergeRoutes(a: readonly RouteStatus[], b: readonly RouteStatus[]): RouteStatus[] {
  return a.map((route) => {
    const other = b.find((each) => each.route === route.route)
    if (other === undefined) return route
    const limits = mergeLimits(route.limits, other.limits)
    const reportMode = mergeChecks(route.reportMode, other.reportMode)
    const sdks = mergeSdks(route.sdks, other.sdks)
    return { ...route, seen: mergeSeen(route.seen, other.seen), limits, reportMode, sdks }
  })
}

function mergeLimits(
  a: LimitsStatus | undefined,
  b: LimitsStatus | undefined,
): LimitsStatus | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return { ...a, requests: a.requests + b.requests, waiting: a.waiting + b.waiting }
}

function mergeSdks(a: readonly SdkSeen[], b: readonly SdkSeen[]): SdkSeen[] {
  const bySdk = new Map(a.map((seen) => [seen.sdk, seen]))
  for (const seen of b) {
    const { responses = 0, lastMs = 0 } = bySdk.get(seen.sdk) ?? {}
    const last = Math.max(lastMs, seen.lastMs)
    bySdk.set(seen.sdk, { ...seen, responses: responses + seen.responses, lastMs: last })
  }
  return [...bySdk.values()]
}

function mergeSeen(a: UpstreamSeen, b: UpstreamSeen): UpstreamSeen {
  const answered = (a.lastAnswerMs ?? 0) >= (b.lastAnswerMs ?? 0) ? a : b
  const failed = (a.lastFaultMs ?? 0) >= (b.lastFaultMs ?? 0) ? a : b
  return {
    answers: a.answers + b.answers,
    faults: a.faults + b.faults,
    lastAnswerMs: answered.lastAnswerMs,
    lastStatus: answered.lastStatus,
    lastFaultMs: failed.lastFaultMs,
    lastFault: failed.lastFault,
    users: a.users + b.users,
    reentries: a.reentries + b.reentries,
    inPlain: a.inPlain + b.inPlain,
    unchecked: a.unchecked + b.unchecked,
    durableSign: a.durableSign ?? b.durableSign,
  }
}

function mergeKeys(a: readonly KeyStatus[], b: readonly KeyStatus[]): KeyStatus[] {
  return a.map((key) => {
    const other = b.find(({ route, slot, label }) => {
      return route === key.route && slot === key.slot && label === key.label
    })
    const last = Math.max(key.lastVerifiedMs ?? 0, other?.lastVerifiedMs ?? 0)
    return { ...key, lastVerifiedMs: last === 0 ? undefined : last }
  })
}

function mergeReplay(a: ReplayStatus, b: ReplayStatus): ReplayStatus {
  return { ...a, unavailableBecause: a.unavailableBecause ?? b.unavailableBecause }
}

const SEVERITY: Readonly<Record<ClockState, number>> = {
  unknown: 0,
  steady: 1,
  ahead: 2,
  behind: 2,
}

/** All processes use the same clock, so the observation of one is true for all. */
function worse(a: Status['clock'], b: Status['clock']): Status['clock'] {
  return SEVERITY[b.state] > SEVERITY[a.state] ? b : a
}

/** A problem of one process is a problem of the gateway. */
function olderSettings(a: Status['settings'], b: Status['settings']): Status['settings'] {
  const older = a.loadedMs <= b.loadedMs ? a : b
  return { ...older, isLatest: a.isLatest && b.isLatest }
}
