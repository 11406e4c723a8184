/** What is kept of requests for the status page: bounded, and by whom they were signed. */
import { describe, expect, it } from 'vitest'

import { GatewayFault, type FaultCode } from '../../../../gateway/admit/faults.ts'
import { Facts } from '../../../../gateway/admit/facts.ts'
import { logFields } from '../../../../gateway/record/log-fields.ts'
import type { RequestRecord } from '../../../../gateway/record/request-record.ts'
import type { RoutePolicy } from '../../../../gateway/admit/policy.ts'
import type { Reason } from '../../../../gateway/admit/reasons.ts'
import { KEPT_REQUESTS, StatusCollector } from '../../../../gateway/ops/status/collect.ts'

const MINUTE_MS = 60_000
const startMs = 1_800_000_000_000 - (1_800_000_000_000 % MINUTE_MS)
const signature = { form: 'raw', keySlot: 0 } as const
const route = { name: 'app', kind: 'passthrough' } as unknown as RoutePolicy

interface Made {
  readonly endedMs?: number
  readonly facts?: Partial<Facts>
  readonly refusal?: Reason
  readonly fault?: FaultCode
  readonly upstreamStatus?: number
  readonly target?: string
}

function add(collector: StatusCollector, made: Made = {}): void {
  const { endedMs = startMs, facts = {}, refusal, fault, upstreamStatus, target = '/' } = made
  const connection = { remoteAddress: '192.0.2.1', isEncrypted: false, proxied: undefined }
  const entry: RequestRecord = {
    requestId: 'id',
    head: {
      method: 'POST',
      target,
      httpVersion: '1.1',
      rawHeaders: [],
      isUpgrade: false,
      connection,
    },
    facts: Object.assign(new Facts(), facts),
    refusal,
    fault: fault && new GatewayFault(fault),
    status: 200,
    upstreamStatus,
    diagnosis: undefined,
    durationMs: 1,
    upstreamDurationMs: undefined,
    endedMs,
    endedMonotonicMs: 0,
  }
  const decision = fault ? 'failed' : refusal ? 'refused' : 'admitted'
  const reason = fault ?? refusal ?? 'none'
  collector.add(entry, decision, reason, logFields(entry, decision, reason))
}

describe('StatusCollector', () => {
  it('keeps the last of each kind, the newest first', () => {
    const collector = new StatusCollector(startMs)
    for (let i = 0; i <= KEPT_REQUESTS; i += 1) add(collector, { target: `/${String(i)}` })
    const paths = collector.recent.map(({ fields }) => fields.path)
    expect(paths).toHaveLength(KEPT_REQUESTS)
    expect([paths[0], paths.at(-1)]).toEqual([`/${String(KEPT_REQUESTS)}`, '/1'])
  })

  it('lets no flood of unsigned requests push signed ones out of view, however they ended', () => {
    const collector = new StatusCollector(startMs)
    const signed: Made[] = [{}, { refusal: 'replayed' }, { fault: 'upstream_reset' }]
    for (const made of signed) add(collector, { ...made, facts: { signature }, target: '/signed' })
    for (let i = 0; i < 1000; i += 1) {
      add(collector)
      add(collector, { refusal: 'signature_mismatch' })
      add(collector, { fault: 'downstream_closed' })
    }
    const kept = collector.recent.filter(({ fields }) => fields.path === '/signed')
    expect(kept.map(({ fields }) => fields.reason).sort()).toEqual([
      'none',
      'replayed',
      'upstream_reset',
    ])
    expect(collector.recent).toHaveLength(3 + 3 * KEPT_REQUESTS)
    expect(new Set(collector.recent.map(({ key }) => key)).size).toBe(collector.recent.length)
  })

  it('counts by minute for 15 minutes, and forgets the one before', () => {
    const collector = new StatusCollector(startMs)
    for (let minute = 0; minute < 16; minute += 1) {
      for (let i = 0; i <= minute; i += 1) {
        add(collector, { endedMs: startMs + minute * MINUTE_MS, refusal: 'replayed' })
      }
    }
    const minutes = collector.minutes(startMs + 15 * MINUTE_MS + 59_999)
    expect(minutes.map(({ decisions }) => decisions.refused)).toEqual(
      Array.from({ length: 15 }, (_, i) => i + 2),
    )
    expect(minutes[0]?.reasons).toEqual({ replayed: 2 })
    expect(collector.reasons).toEqual([
      { reason: 'replayed', count: 136, lastMs: startMs + 15 * MINUTE_MS },
    ])
  })

  it('tells nothing of minutes that passed without a request', () => {
    const collector = new StatusCollector(startMs)
    add(collector)
    const total = (nowMs: number) =>
      collector.minutes(nowMs).reduce((sum, { decisions }) => sum + decisions.admitted, 0)
    expect(total(startMs + 14 * MINUTE_MS)).toBe(1)
    expect(total(startMs + 15 * MINUTE_MS)).toBe(0)
    expect(total(startMs + 30 * MINUTE_MS)).toBe(0)
    // A clock that was set back.
    expect(total(startMs - MINUTE_MS)).toBe(0)
  })

  it('counts the ages of signatures that were admitted, and of no other', () => {
    const collector = new StatusCollector(startMs)
    for (const age of [-61, -60, 0, 1, 1.5, 300, 301]) {
      add(collector, { facts: { signature, signatureAgeSeconds: age } })
    }
    add(collector, { facts: { signature, signatureAgeSeconds: 5 }, refusal: 'replayed' })
    add(collector, { facts: { signatureAgeSeconds: 5 } })
    expect(collector.minutes(startMs).at(-1)?.ages).toEqual([2, 0, 0, 2, 1, 0, 0, 0, 0, 0, 1, 1])
  })

  it('knows of an upstream what calls have shown: any answer is one, only its own faults count', () => {
    const collector = new StatusCollector(startMs)
    const facts = { route }
    add(collector, { facts, upstreamStatus: 500, endedMs: startMs + 1 })
    add(collector, { facts, fault: 'upstream_timeout', endedMs: startMs + 2 })
    add(collector, { facts, fault: 'downstream_closed', endedMs: startMs + 3 })
    add(collector, { facts, refusal: 'replayed', endedMs: startMs + 4 })
    expect(collector.upstreamOf('app')).toEqual({
      answers: 1,
      faults: 1,
      lastAnswerMs: startMs + 1,
      lastStatus: 500,
      lastFaultMs: startMs + 2,
      lastFault: 'upstream_timeout',
      users: 0,
      reentries: 0,
      inPlain: 0,
      unchecked: 0,
      durableSign: undefined,
    })
    expect(collector.upstreamOf('other').answers).toBe(0)
  })

  it('counts calls in plain, and those that cannot be checked, by route', () => {
    const collector = new StatusCollector(startMs)
    const readings = ['encrypted', 'plain_event', 'plain_step', 'unreadable', 'use_api'] as const
    for (const encryption of readings) add(collector, { facts: { route, encryption } })
    add(collector)
    expect(collector.upstreamOf('app')).toMatchObject({ inPlain: 3, unchecked: 1 })
  })
})
