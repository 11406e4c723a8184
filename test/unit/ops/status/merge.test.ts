/** Several processes make one status. */
import { describe, expect, it } from 'vitest'

import type { LogFields } from '../../../../gateway/record/log-fields.ts'
import { KEPT_REQUESTS } from '../../../../gateway/ops/status/collect.ts'
import { mergeStatuses } from '../../../../gateway/ops/status/merge.ts'
import { Minutes } from '../../../../gateway/ops/status/minutes.ts'
import type { RecentRequest, RouteStatus, Status } from '../../../../gateway/ops/status/status.ts'
import { nothingSeen } from '../../../../gateway/ops/status/upstreams.ts'

const nowMs = 1_800_000_000_000

function statusWith(over: Partial<Status>): Status {
  return {
    takenMs: nowMs,
    startedMs: nowMs - 5000,
    processes: 1,
    now: { requestsInFlight: 1, connections: 2, bufferedBytes: 3 },
    minutes: new Minutes().read(nowMs),
    reasons: [],
    recent: [],
    routes: [],
    sdkAdvisoriesDate: '2026-11-29',
    keys: [],
    ranges: { allowed: [], origin: undefined, lists: [] },
    unlisted: [],
    isRecording: false,
    replay: { store: 'memory', entries: 1, capacity: 2, unavailableBecause: undefined },
    clock: { state: 'steady', medianSeconds: 1 },
    settings: { fingerprint: 'f', loadedMs: nowMs, isLatest: true, yaml: '' },
    ...over,
  }
}

function merged(...parts: Partial<Status>[]): Status | undefined {
  return mergeStatuses(parts.map(statusWith))
}

function recent(count: number, decision: LogFields['decision'], pid: number): RecentRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `${String(pid)}-${String(count - i)}`,
    endedMs: nowMs - i * 10 - pid,
    fields: { decision } as LogFields,
  }))
}

describe('mergeStatuses', () => {
  it('adds up the responses of each SDK version', () => {
    const sdk = (name: string, responses: number, lastMs: number) => ({
      sdk: name,
      responses,
      lastMs,
      advisories: [],
    })
    const route = (...sdks: RouteStatus['sdks']) => ({
      routes: [{ route: 'app', sdks, seen: nothingSeen, reportMode: [] } as unknown as RouteStatus],
    })
    const status = merged(
      route(sdk('js 4.24.0', 3, 7), sdk('unknown', 1, 2)),
      route(sdk('js 4.24.0', 2, 9), sdk('py 0.5.9', 1, 3)),
    )
    expect(status?.routes[0]?.sdks).toEqual([
      sdk('js 4.24.0', 5, 9),
      sdk('unknown', 1, 2),
      sdk('py 0.5.9', 1, 3),
    ])
  })

  it('is nothing of nothing, and one of one', () => {
    expect(mergeStatuses([])).toBeUndefined()
    const status = statusWith({})
    expect(mergeStatuses([status])).toBe(status)
  })

  it('adds up what each counts', () => {
    const minutes = new Minutes()
    minutes.add(nowMs, 'refused', 'replayed', undefined)
    minutes.add(nowMs, 'admitted', 'none', 0)
    const counts = { minutes: minutes.read(nowMs) }
    const status = merged(
      { ...counts, reasons: [{ reason: 'replayed', count: 1, lastMs: 5 }] },
      { ...counts, reasons: [{ reason: 'replayed', count: 2, lastMs: 4 }] },
      { reasons: [{ reason: 'body_idle_timeout', count: 1, lastMs: 1 }], startedMs: 7 },
    )
    expect(status).toMatchObject({
      processes: 3,
      startedMs: 7,
      now: { requestsInFlight: 3, connections: 6, bufferedBytes: 9 },
      reasons: [
        { reason: 'replayed', count: 3, lastMs: 5 },
        { reason: 'body_idle_timeout', count: 1, lastMs: 1 },
      ],
    })
    expect(status?.minutes).toHaveLength(15)
    expect(status?.minutes.at(-1)).toMatchObject({
      decisions: { admitted: 2, refused: 2, failed: 0 },
      reasons: { replayed: 2 },
    })
    expect(status?.minutes.at(-1)?.ages[3]).toBe(2)
  })

  it('keeps 15 minutes where one was asked before a minute was over and another after', () => {
    const before = new Minutes()
    before.add(nowMs, 'admitted', 'none', undefined)
    const status = merged(
      { minutes: before.read(nowMs) },
      { minutes: new Minutes().read(nowMs + 60_000) },
    )
    expect(status?.minutes.map(({ decisions }) => decisions.admitted)).toEqual([
      ...new Array<number>(13).fill(0),
      1,
      0,
    ])
  })

  it('keeps as many requests of each kind as one process, in order', () => {
    const status = merged(
      { recent: [...recent(KEPT_REQUESTS, 'refused', 1), ...recent(2, 'admitted', 3)] },
      { recent: recent(KEPT_REQUESTS, 'refused', 2) },
    )
    const kept = status?.recent ?? []
    expect(kept).toHaveLength(KEPT_REQUESTS + 2)
    expect(kept.map(({ endedMs }) => endedMs)).toEqual(
      kept.map(({ endedMs }) => endedMs).toSorted((a, b) => b - a),
    )
    expect(kept[0]?.key.split('-')[0]).toBe('1')
    expect(kept[1]?.key.split('-')[0]).toBe('2')
  })

  it('takes the latest of what any of them has seen, and the worst of how they are', () => {
    const route = {
      route: 'app',
      kind: 'inngest',
      host: undefined,
      path: '/',
      upstream: 'http://a',
      apps: [],
      limits: { maxRequestsInFlight: 9, rate: '5/s', requests: 2, waiting: 1 },
      resignKey: undefined,
      notEnforced: [],
      reportMode: [],
      sdks: [],
      encryption: undefined,
    } as const
    const key = { route: 'app', slot: 0, label: 'env:A' }
    const plain = { inPlain: 1, unchecked: 2 }
    const answered = { ...nothingSeen, ...plain, answers: 2, lastAnswerMs: 9, lastStatus: 200 }
    const failed = {
      ...nothingSeen,
      ...plain,
      faults: 1,
      lastFaultMs: 8,
      lastFault: 'upstream_reset',
    }
    const status = merged(
      { routes: [{ ...route, seen: answered }], keys: [{ ...key, lastVerifiedMs: undefined }] },
      {
        routes: [{ ...route, seen: failed }],
        keys: [{ ...key, lastVerifiedMs: 6 }],
        clock: { state: 'behind', medianSeconds: -9 },
        settings: { fingerprint: 'g', loadedMs: nowMs - 1, isLatest: false, yaml: '' },
      },
    )
    expect(status).toMatchObject({
      routes: [
        {
          seen: {
            ...answered,
            faults: 1,
            lastFaultMs: 8,
            lastFault: 'upstream_reset',
            inPlain: 2,
            unchecked: 4,
          },
          limits: { maxRequestsInFlight: 9, rate: '5/s', requests: 4, waiting: 2 },
        },
      ],
      keys: [{ lastVerifiedMs: 6 }],
      clock: { state: 'behind' },
      settings: { fingerprint: 'g', isLatest: false },
    })
  })
})
