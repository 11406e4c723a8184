/** On which series each request counts. */
import { beforeEach, describe, expect, it } from 'vitest'

import { Facts } from '../../../gateway/admit/facts.ts'
import type { RoutePolicy } from '../../../gateway/admit/policy.ts'
import { ClockDrift } from '../../../gateway/record/clock-drift.ts'
import { KeyUsage } from '../../../gateway/record/key-usage.ts'
import { createMetrics } from '../../../gateway/record/metrics.ts'
import { RequestCounts } from '../../../gateway/record/request-counts.ts'
import type { RequestRecord } from '../../../gateway/record/request-record.ts'

const routeNamed = (name: string) => ({ name, kind: 'passthrough' }) as unknown as RoutePolicy
const connection = { remoteAddress: '192.0.2.1', isEncrypted: false, proxied: undefined }
const head = {
  method: 'POST',
  target: '/',
  httpVersion: '1.1',
  rawHeaders: [],
  isUpgrade: false,
  connection,
}

const usual = {
  route: routeNamed('app'),
  bodyBytes: 2048,
  claim: 'claimed',
  signature: { form: 'raw', keySlot: 0 },
  signatureAgeSeconds: 2,
} as const

type Made = Partial<Omit<RequestRecord, 'facts'>> & { readonly facts?: Partial<Facts> }

const request = ({ facts = {}, ...made }: Made = {}): RequestRecord => ({
  requestId: 'id',
  head,
  refusal: undefined,
  fault: undefined,
  status: 200,
  upstreamStatus: 200,
  diagnosis: undefined,
  durationMs: 20,
  upstreamDurationMs: 10,
  endedMs: 0,
  endedMonotonicMs: 0,
  ...made,
  facts: Object.assign(new Facts(), usual, facts),
})

const state = {
  replay: { entries: 0, capacity: 0, unavailableBecause: undefined },
  requestsInFlight: () => 0,
  connections: () => 0,
  bufferedBytes: () => 0,
  gates: () => [],
  settings: () => {
    throw new Error('not read')
  },
  ranges: () => undefined,
  keyUsage: new KeyUsage(),
  clockDrift: new ClockDrift(() => ({ maxAgeSeconds: 300, clockToleranceSeconds: 60 })),
  unlisted: { reported: [] },
  monotonicMs: () => 0,
  flushRecords: () => undefined,
}

let metrics = createMetrics('0', state)
let counts = new RequestCounts(metrics)

beforeEach(() => {
  metrics = createMetrics('0', state)
  counts = new RequestCounts(metrics)
})

/** The samples of one metric, without its name. */
async function samplesOf(name: string): Promise<string[]> {
  const text = await metrics.registry.getSingleMetricAsString(`inngest_gateway_${name}`)
  const own = text.split('\n').filter((line) => !line.startsWith('#'))
  return own.map((line) => line.slice(`inngest_gateway_${name}`.length))
}

const countsOf = async (name: string) =>
  (await samplesOf(name)).filter((line) => line.startsWith('_count'))

describe('RequestCounts', () => {
  it('counts requests that are alike on the same series', async () => {
    counts.count(request(), 'admitted', 'none')
    counts.count(request({ durationMs: 70 }), 'admitted', 'none')
    expect(await samplesOf('requests_total')).toEqual([
      '{route="app",method="POST",decision="admitted",reason="none",code="200"} 2',
    ])
    expect(await samplesOf('signature_verifications_total')).toEqual([
      '{result="raw",key_slot="0"} 2',
    ])
    expect(await samplesOf('replay_claims_total')).toEqual(['{result="claimed"} 2'])
    expect(await samplesOf('request_duration_seconds')).toContain(
      '_bucket{le="0.025",route="app",decision="admitted"} 1',
    )
    expect(await countsOf('request_body_bytes')).toEqual(['_count 2'])
    expect(await countsOf('signature_age_seconds')).toEqual(['_count 2'])
  })

  it.each<[string, Made, string, string]>([
    [
      'route',
      { facts: { route: routeNamed('app 2') } },
      'requests_total',
      '{route="app 2",method="POST",decision="admitted",reason="none",code="200"} 1',
    ],
    [
      'unknown route',
      { facts: { route: undefined } },
      'requests_total',
      '{route="unmatched",method="POST",decision="admitted",reason="none",code="200"} 1',
    ],
    [
      'method',
      { head: { ...head, method: 'PUT' } },
      'requests_total',
      '{route="app",method="PUT",decision="admitted",reason="none",code="200"} 1',
    ],
    [
      'rare method',
      { head: { ...head, method: 'PURGE' } },
      'requests_total',
      '{route="app",method="other",decision="admitted",reason="none",code="200"} 1',
    ],
    [
      'status',
      { status: 201 },
      'requests_total',
      '{route="app",method="POST",decision="admitted",reason="none",code="201"} 1',
    ],
    [
      'client that left',
      { status: undefined },
      'requests_total',
      '{route="app",method="POST",decision="admitted",reason="none",code="none"} 1',
    ],
    ['claim', { facts: { claim: 'followed' } }, 'replay_claims_total', '{result="followed"} 1'],
    ['release', { facts: { release: 'released' } }, 'replay_claims_total', '{result="released"} 1'],
    [
      'form',
      { facts: { signature: { form: 'canonical', keySlot: 0 } } },
      'signature_verifications_total',
      '{result="canonical",key_slot="0"} 1',
    ],
    [
      'key',
      { facts: { signature: { form: 'raw', keySlot: 1 } } },
      'signature_verifications_total',
      '{result="raw",key_slot="1"} 1',
    ],
    [
      'missing signature',
      { facts: { signature: undefined, isUnsigned: true } },
      'signature_verifications_total',
      '{result="none",key_slot="none"} 1',
    ],
    [
      'reported mismatch',
      { facts: { signature: undefined, reportOnly: ['signature_mismatch'] } },
      'signature_verifications_total',
      '{result="mismatch",key_slot="none"} 1',
    ],
    [
      'upstream status',
      { upstreamStatus: 404 },
      'upstream_request_duration_seconds',
      '_count{route="app",code="404"} 1',
    ],
    [
      'app that did not respond',
      { upstreamStatus: undefined },
      'upstream_request_duration_seconds',
      '_count{route="app",code="none"} 1',
    ],
  ])('counts a request with another %s on another series', async (_what, made, name, sample) => {
    counts.count(request(), 'admitted', 'none')
    const before = await samplesOf(name)
    counts.count(request(made), 'admitted', 'none')
    const after = await samplesOf(name)
    expect(before).not.toContain(sample)
    expect(after).toContain(sample)
  })

  it('counts each decision and reason on a series of its own', async () => {
    counts.count(request(), 'admitted', 'none')
    counts.count(request({ refusal: 'replayed', status: 409 }), 'refused', 'replayed')
    counts.count(
      request({ refusal: 'timestamp_too_old', status: 409 }),
      'refused',
      'timestamp_too_old',
    )
    expect(await countsOf('request_duration_seconds')).toEqual([
      '_count{route="app",decision="admitted"} 1',
      '_count{route="app",decision="refused"} 2',
    ])
    expect(await samplesOf('requests_total')).toHaveLength(3)
  })

  it('shows no series on which nothing was counted', async () => {
    const facts = { bodyBytes: undefined, claim: undefined, signature: undefined }
    counts.count(request({ facts, upstreamDurationMs: undefined }), 'admitted', 'none')
    for (const name of [
      'upstream_request_duration_seconds',
      'replay_claims_total',
      'signature_verifications_total',
    ]) {
      expect(await samplesOf(name)).toEqual([])
    }
    expect(await countsOf('request_body_bytes')).toEqual(['_count 0'])
    expect(await countsOf('signature_age_seconds')).toEqual(['_count 0'])
  })
})
