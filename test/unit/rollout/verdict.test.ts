/** What a log shows of a check, and the verdict on it. */
import { describe, expect, it } from 'vitest'

import type { RouteSeen } from '../../../gateway/rollout/seen.ts'
import { judgeCheck, worstOf, type Thresholds } from '../../../gateway/rollout/verdict.ts'
import { callLine, readLog, startLine, syncLine, type Line } from '../../support/rollout-log.ts'

const thresholds: Thresholds = {
  minRequests: 10,
  minSyncs: 1,
  minPeriodMs: 20 * 60_000,
  accepted: new Set(),
}

/** Half an hour of calls and one sync, which pass every check. */
const halfHour = [...Array(30).keys()].map((minute) => callLine({}, minute))
const quiet = [...halfHour, syncLine({}, 29)]

async function judge(lines: readonly Line[], over: Partial<Thresholds> = {}) {
  const { routes } = await readLog(lines)
  return routes.flatMap(verdictsOf({ ...thresholds, ...over }))
}

const verdictsOf =
  (used: Thresholds) =>
  ({ policy, checks }: RouteSeen) =>
    checks.map((seen) => {
      const { verdict, missing, blocking } = judgeCheck(policy, seen, used)
      const lacks = missing.map(({ what, seen: has, needed }) => [what, has, needed])
      return [seen.check, verdict, lacks, blocking.map(({ reason, count }) => [reason, count])]
    })

const reported = (...reasons: readonly string[]) => callLine({ report_only: reasons }, 5)

describe('a check in report mode', () => {
  it('is safe to enforce after enough requests of each kind in a long enough time', async () => {
    expect(await judge([startLine(['signature', 'syncUrl', 'replay']), ...quiet])).toEqual([
      ['signature', 'safe', [], []],
      ['syncUrl', 'safe', [], []],
      ['replay', 'safe', [], []],
    ])
  })

  it('cannot be enforced yet if one request would have been refused', async () => {
    const lines = [startLine(['runId', 'replay']), ...quiet, reported('run_id_mismatch')]
    expect(await judge(lines)).toEqual([
      ['runId', 'not_yet', [], [['run_id_mismatch', 1]]],
      ['replay', 'safe', [], []],
    ])
  })

  it('has seen too little without a sync, if it judges syncs', async () => {
    const lines = [startLine(['allowlist', 'syncBody', 'runId']), ...halfHour]
    expect(await judge(lines)).toEqual([
      ['allowlist', 'too_little_traffic', [['sync', 0, 1]], []],
      ['syncBody', 'too_little_traffic', [['sync', 0, 1]], []],
      ['runId', 'safe', [], []],
    ])
  })

  it('has seen too little in a short time, or of requests that pass it', async () => {
    const few = quiet.filter((_, i) => i % 5 === 0)
    expect(await judge([startLine(['runId']), ...few])).toEqual([
      ['runId', 'too_little_traffic', [['call', 6, 10]], []],
    ])
    const short = quiet.map((line) => ({ ...line, time: '2026-11-28T00:00:00Z' }))
    expect(await judge([startLine(['runId']), ...short])).toEqual([
      ['runId', 'too_little_traffic', [['period', 0, 1_200_000]], []],
    ])
  })

  it('does not count a request that it did not judge, without a verified signature', async () => {
    const unsigned = quiet.map((line) => ({ ...line, key_slot: undefined }))
    const [allowlist, freshness] = await judge([startLine(['allowlist', 'freshness']), ...unsigned])
    expect(allowlist?.[1]).toBe('safe')
    expect(freshness).toEqual(['freshness', 'too_little_traffic', [['call', 0, 10]], []])
  })

  it('does not count a trust probe or an introspection as a function call', async () => {
    const others = quiet.flatMap((line) => [
      { ...line, fn_id: undefined },
      { ...line, method: 'GET' },
    ])
    expect(await judge([startLine(['runId']), ...others])).toEqual([
      ['runId', 'too_little_traffic', [['call', 0, 10]], []],
    ])
  })

  it('counts a request that the app failed to respond to, and none that was refused', async () => {
    const failed = quiet.map((line) => ({ ...line, decision: 'failed', reason: 'upstream_reset' }))
    expect((await judge([startLine(['runId']), ...failed]))[0]?.[1]).toBe('safe')
    const internal = failed.map((line) => ({ ...line, reason: 'internal' }))
    const refused = quiet.map((line) => ({ ...line, decision: 'refused', reason: 'replayed' }))
    for (const lines of [internal, refused]) {
      expect((await judge([startLine(['runId']), ...lines]))[0]?.[1]).toBe('too_little_traffic')
    }
  })

  it('counts a call that got no turn by the limits of its route, and is held back by one', async () => {
    const limited = { decision: 'refused', reason: 'app_requests_full' }
    const passed = quiet.map((line) => ({ ...line, ...limited }))
    expect((await judge([startLine(['runId']), ...passed]))[0]?.[1]).toBe('safe')
    const mismatch = { ...reported('run_id_mismatch'), ...limited }
    expect(await judge([startLine(['runId']), ...quiet, mismatch])).toEqual([
      ['runId', 'not_yet', [], [['run_id_mismatch', 1]]],
    ])
  })

  it('is not held back by a request that another check refuses', async () => {
    const refused = { ...reported('client_not_allowed'), decision: 'refused' }
    expect(await judge([startLine(['allowlist']), ...quiet, refused])).toEqual([
      ['allowlist', 'safe', [], []],
    ])
  })

  it('is not held back by a client without signature and outside the allowlist', async () => {
    const stranger = reported('client_not_allowed', 'signature_missing')
    const lines = [startLine(['allowlist', 'signature']), ...quiet]
    expect((await judge([...lines, stranger])).map(([, verdict]) => verdict)).toEqual([
      'safe',
      'safe',
    ])
    // With one of the two, it may be Inngest: a list without a range, or a proxy that removes the header.
    for (const [reason, check] of [
      ['client_not_allowed', 'allowlist'],
      ['signature_missing', 'signature'],
    ] as const) {
      const verdicts = await judge([...lines, reported(reason)])
      expect(verdicts.filter(([, verdict]) => verdict === 'not_yet')).toEqual([
        [check, 'not_yet', [], [[reason, 1]]],
      ])
    }
  })

  it('is held back on both sides by a reason that two checks share', async () => {
    const lines = [startLine(['allowlist', 'signature']), ...quiet, reported('sync_unsigned')]
    expect((await judge(lines)).map(([, verdict]) => verdict)).toEqual(['not_yet', 'not_yet'])
  })

  it('is not held back by what the operator accepts, or Inngest Cloud does of itself', async () => {
    const lines = [startLine(['signature']), ...quiet, reported('introspection_unsigned')]
    expect((await judge(lines))[0]?.[1]).toBe('not_yet')
    const accepted = new Set(['introspection_unsigned'])
    expect((await judge(lines, { accepted }))[0]?.[1]).toBe('safe')
    const tried = [startLine(['signature']), ...quiet, reported('introspection_mismatch')]
    expect((await judge(tried))[0]?.[1]).toBe('safe')
  })

  it('is named "other" if it is of another route, or of a later version', async () => {
    const lines = [startLine(['runId']), ...quiet, reported('path_ambiguous', 'of_tomorrow')]
    const [, other] = await judge(lines)
    expect(other).toEqual([
      'other',
      'not_yet',
      [],
      [
        ['path_ambiguous', 1],
        ['of_tomorrow', 1],
      ],
    ])
  })

  it('is judged by re-entries on a durable route, and by requests on a passthrough route', async () => {
    const reentries = halfHour.map((line) => ({ ...line, durable: 'reentry' }))
    const users = reentries.map((line) => ({ ...line, durable: 'user' }))
    const durable = startLine(['signature', 'allowlist'], 'durable')
    expect((await judge([durable, ...reentries])).map(([, verdict]) => verdict)).toEqual([
      'safe',
      'safe',
    ])
    expect((await judge([durable, ...users]))[0]?.[2]).toEqual([['reentry', 0, 10]])
    const open = halfHour.map((line) => ({ ...line, method: 'GET', key_slot: undefined }))
    expect(await judge([startLine(['allowlist'], 'passthrough'), ...open])).toEqual([
      ['allowlist', 'safe', [], []],
    ])
  })
})

describe('the verdict on several checks', () => {
  it('is the worst of them', () => {
    expect(worstOf(['safe', 'not_yet', 'too_little_traffic'])).toBe('not_yet')
    expect(worstOf(['safe', 'too_little_traffic'])).toBe('too_little_traffic')
    expect(worstOf([])).toBe('safe')
  })
})
