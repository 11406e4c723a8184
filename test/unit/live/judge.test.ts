/** What the judge of `npm run test:live` calls wrong, on log lines as the gateway writes them. */
import { describe, expect, it } from 'vitest'

import { judge } from '../../live/judge.ts'
import { ledgerOf, textOf } from '../../live/ledger.ts'
import type { Arrival, LogLine, Observed, Outcome } from '../../live/observed.ts'

const line: LogLine = {
  level: 30,
  time: 1_795_000_000_000,
  request_id: '01M85C81YK6VGT08R838HYTGVP',
  decision: 'admitted',
  reason: 'none',
  client_ip: '127.0.0.1',
  route: 'app',
  method: 'POST',
  path: '/api/inngest',
  status: 206,
  fn_id: 'live-steps',
  step_id: 'step',
  run_id: '01M85C81NVJ7KSQSW1MTCWKVP4',
  msg: 'request',
}

const arrival: Arrival = {
  method: 'POST',
  path: '/api/inngest',
  requestId: '01M85C81YK6VGT08R838HYTGVP',
  signature: 't=1795000000&s=00',
  ids: '',
}

const outcome: Outcome = {
  kind: 'steps',
  id: 'steps-0',
  hasEnded: true,
  statuses: ['Completed'],
  fails: false,
}

const right: Observed = {
  lines: [line],
  arrivals: [arrival],
  outcomes: [outcome],
  wantedTraffic: ['app call'],
}

describe('the judge of a live run', () => {
  it('finds nothing wrong in a call that was admitted, arrived, and whose run ended', () => {
    expect(judge(right)).toEqual([])
  })

  it.each([
    [
      'a request that was refused',
      {
        lines: [
          {
            ...line,
            decision: 'refused',
            reason: 'signature_mismatch',
            diagnosis: 'wrong_key',
            status: 401,
          },
        ],
        arrivals: [],
      },
      'an honest request was refused: app call live-steps, signature_mismatch, wrong_key, 401',
    ],
    [
      'a request that failed',
      {
        lines: [{ ...line, decision: 'failed', reason: 'upstream_connect', status: 502 }],
        arrivals: [],
      },
      'an honest request failed: app call live-steps, upstream_connect, 502',
    ],
    [
      'a request that was reported',
      { lines: [{ ...line, report_only: ['call_ids_mismatch'] }] },
      'an honest request was reported: app call live-steps, ["call_ids_mismatch"]',
    ],
    [
      'a call that arrived under two request ids',
      {
        lines: [line, { ...line, request_id: 'another' }],
        arrivals: [arrival, { ...arrival, requestId: 'another' }],
      },
      'the app got it twice: POST /api/inngest t=1795000000&s=00',
    ],
    [
      'a call that the log does not have',
      { arrivals: [arrival, { ...arrival, requestId: 'another', signature: undefined }] },
      'the app got it and the log does not have it: POST /api/inngest another',
    ],
    [
      'a call that was logged as admitted and did not arrive',
      { lines: [line, { ...line, request_id: 'another' }] },
      'logged as admitted, and the app did not get it: POST /api/inngest another',
    ],
    [
      'a run that did not end',
      { outcomes: [{ ...outcome, hasEnded: false }] },
      'a run did not end: steps steps-0',
    ],
    [
      'a run that is still running for the server',
      { outcomes: [{ ...outcome, statuses: ['Completed', 'Running'] }] },
      'the server does not list a run as ended: steps steps-0, Completed, Running',
    ],
    [
      'a run that failed and should not',
      { outcomes: [{ ...outcome, statuses: ['Failed'] }] },
      'the server does not list a run as ended: steps steps-0, Failed',
    ],
    [
      'an event for which the server lists no run',
      { outcomes: [{ ...outcome, statuses: [] }] },
      'the server does not list a run as ended: steps steps-0, no run',
    ],
    [
      'traffic of which nothing came',
      { wantedTraffic: ['app call', 'endpoints re-entry'] },
      'no request of this kind: endpoints re-entry',
    ],
  ])('finds %s', (_, change: Partial<Observed>, wrong) => {
    expect(judge({ ...right, ...change })).toEqual([wrong])
  })

  it('goes by the signed request id, which the gateway sends to the app, if there are two', () => {
    const other = { ...line, request_id: 'of-a-proxy', signed_request_id: arrival.requestId }
    expect(judge({ ...right, lines: [other] })).toEqual([])
  })

  it('tells re-entries with equal bodies apart by their ids, and users by nothing', () => {
    const reentry = { ...line, route: 'endpoints', durable: 'reentry', path: '/endpoints/order' }
    const user = { ...reentry, durable: 'user', request_id: 'user' }
    const arrived = { ...arrival, path: '/endpoints/order', ids: 'run first job step' }
    const fromUser = { ...arrived, signature: undefined, requestId: 'user' }
    const lines = [reentry, { ...reentry, request_id: 'second' }, user, user]
    const second = { ...arrived, requestId: 'second', ids: 'run second job step' }
    const arrivals = [arrived, second, fromUser, fromUser]
    const wantedTraffic = ['endpoints re-entry', 'endpoints user']
    expect(judge({ ...right, lines, arrivals, wantedTraffic })).toEqual([])
    const twice = { ...second, ids: arrived.ids }
    const wrong = judge({
      ...right,
      lines,
      arrivals: [arrived, twice, fromUser, fromUser],
      wantedTraffic,
    })
    expect(wrong).toHaveLength(1)
  })

  it('accepts runs that should fail, and those that the server was not consulted about', () => {
    const failed = { ...outcome, statuses: ['Failed'], fails: true }
    const unlisted = { ...outcome, statuses: undefined }
    expect(judge({ ...right, outcomes: [failed, unlisted] })).toEqual([])
  })
})

describe('the ledger of a live run', () => {
  it('counts requests by route, kind and decision, and completions by kind', () => {
    const lines = [
      line,
      { ...line, report_only: ['replayed'] },
      { ...line, decision: 'refused', method: 'PUT', fn_id: undefined },
      { ...line, decision: 'failed', route: undefined, method: 'GET', fn_id: undefined },
    ]
    const outcomes = [outcome, { ...outcome, hasEnded: false }]
    const text = textOf(ledgerOf({ ...right, lines, outcomes }))
    expect(text.split('\n').map((row) => row.split(/\s{2,}/).join(' | '))).toEqual([
      'requests | all | admitted | refused | failed | reported',
      'app call | 2 | 2 | 0 | 0 | 1',
      'app sync | 1 | 0 | 1 | 0 | 0',
      'no route introspection | 1 | 0 | 0 | 1 | 0',
      'arrived at the app: 1',
      '',
      'runs | started | ended',
      'steps | 2 | 1',
    ])
  })
})
