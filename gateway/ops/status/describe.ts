/** Converts a status to the view of the page. */
import { clockStates } from '../../record/clock-drift.ts'
import { decisions, type Decision } from '../../record/request-record.ts'
import { describeRequest } from './describe-request.ts'
import { formatAge, formatAgo, formatBytes, formatCount, formatSpan, isoTime } from './format.ts'
import {
  describeAllowed,
  describeKeys,
  describeLists,
  describeRoutes,
  describeUnlisted,
} from './describe-setup.ts'
import { describeReportModes } from './describe-report-mode.ts'
import { describeAdvisories, describeSdks } from './describe-sdks.ts'
import { describeAges, describeMinutes, describeReasons } from './describe-counts.ts'
import type { Status } from './status.ts'
import { BAR_HEIGHT, type Cell, type View } from './view.ts'

/** @param notReady the reason in one word; undefined if it is ready. */
export function describeStatus(status: Status, notReady: string | undefined): View {
  const { takenMs, minutes, reasons, recent, ranges } = status
  return {
    texts: {
      ready:
        notReady === undefined
          ? { text: 'Ready', tone: 'good' }
          : { text: `Not ready: ${notReady}`, tone: 'warn' },
      ...describeNow(status),
      ...describeTotals(status),
      ...describeSettingsState(status),
      'unlisted-empty': { text: status.unlisted.length === 0 ? 'No unlisted range.' : '' },
      'sdk-advisories': describeAdvisories(status),
      'ranges-origin': { text: ranges.origin ?? 'not in the allowlist' },
      'reasons-empty': { text: reasons.length === 0 ? 'Nothing refused since the start.' : '' },
      'report-mode-empty': {
        text: status.routes.every(({ reportMode }) => reportMode.length === 0)
          ? 'No check is in report mode.'
          : '',
      },
      'requests-empty': { text: recent.length === 0 ? 'No request since the start.' : '' },
    },
    tables: {
      minutes: describeMinutes(minutes),
      reasons: describeReasons(status),
      requests: recent.map((request) => describeRequest(request, takenMs)),
      routes: describeRoutes(status.routes, takenMs),
      'report-mode': describeReportModes(status.routes, takenMs),
      sdks: describeSdks(status.routes, takenMs),
      keys: describeKeys(status.keys, takenMs),
      allowed: describeAllowed(ranges),
      lists: describeLists(ranges, takenMs),
      unlisted: describeUnlisted(status),
      ages: describeAges(minutes),
    },
    bars: Object.fromEntries(decisions.map((decision) => [decision, barsOf(status, decision)])),
  }
}

function describeNow(status: Status): Record<string, Cell> {
  const { takenMs, startedMs, now, clock, processes } = status
  const isDrifting = clock.state === 'ahead' || clock.state === 'behind'
  const median = clock.medianSeconds
  return {
    taken: { text: isoTime(takenMs).slice(11, 19) },
    uptime: { text: formatSpan(takenMs - startedMs) },
    processes: { text: formatCount(processes) },
    'in-flight': { text: formatCount(now.requestsInFlight) },
    connections: { text: formatCount(now.connections) },
    buffered: { text: formatBytes(now.bufferedBytes) },
    replay: describeReplay(status),
    recording: status.isRecording
      ? { text: 'in progress', sub: 'redacted copies of requests', tone: 'warn' }
      : { text: 'none' },
    clock: {
      text: clock.state,
      sub: clockStates[clock.state],
      tone: isDrifting ? 'warn' : undefined,
    },
    median: { text: median === undefined ? 'too few to tell' : formatAge(median) },
  }
}

function describeReplay({ replay }: Status): Cell {
  const { store, entries, capacity, unavailableBecause } = replay
  if (unavailableBecause !== undefined) {
    return { text: 'unavailable', sub: `${store}: ${unavailableBecause}`, tone: 'bad' }
  }
  if (entries === undefined || capacity === undefined) return { text: 'not counted', sub: store }
  const share = entries / capacity
  const percent = entries > 0 && share < 0.001 ? 'under 0.1 %' : `${(share * 100).toFixed(1)} %`
  const sub = `${formatCount(entries)} of ${formatCount(capacity)}, ${store}`
  return { text: percent, sub, share, tone: share > 0.8 ? 'warn' : undefined }
}

function describeTotals({ minutes }: Status): Record<string, Cell> {
  return Object.fromEntries(
    decisions.flatMap((decision) => {
      const counts = minutes.map((minute) => minute.decisions[decision])
      const total = counts.reduce((sum, count) => sum + count, 0)
      return [
        [`total-${decision}`, { text: formatCount(total) }],
        [`peak-${decision}`, { text: formatCount(Math.max(0, ...counts)) }],
      ]
    }),
  )
}

/** Each decision has its own scale, so that a flood of refusals does not flatten the bars of admitted requests. */
function barsOf({ minutes }: Status, decision: Decision): number[] {
  const counts = minutes.map((minute) => minute.decisions[decision])
  const peak = Math.max(1, ...counts)
  return counts.map((count) => {
    const height = Math.round((count / peak) * BAR_HEIGHT)
    return count === 0 ? 0 : Math.max(2, height)
  })
}

function describeSettingsState({ settings, takenMs }: Status): Record<string, Cell> {
  const { fingerprint, loadedMs, isLatest, yaml } = settings
  return {
    fingerprint: { text: fingerprint },
    loaded: {
      text: `${isoTime(loadedMs).slice(0, 19).replace('T', ' ')} UTC`,
      sub: formatAgo(loadedMs, takenMs),
    },
    latest: isLatest
      ? { text: 'as last read' }
      : {
          text: 'previous: the changed configuration has problems (see the log)',
          tone: 'bad',
        },
    yaml: { text: yaml },
  }
}
