/** A log as `rollout-report` reads it: in one pass, with lines of others in between. */
import { Readable } from 'node:stream'

import { describe, expect, it } from 'vitest'

import { readRolloutLog } from '../../../gateway/cli/rollout-log.ts'
import { callLine, logText, readLog, startLine } from '../../support/rollout-log.ts'

const reloadLine = (report: readonly string[]) => ({
  ...startLine(report),
  msg: 'configuration reloaded',
})

describe('a log of a gateway', () => {
  it('says from its start and from each reload which checks are in report mode', async () => {
    const { routes } = await readLog([
      startLine(['runId', 'replay']),
      callLine(),
      reloadLine(['replay', 'callIds']),
      callLine(),
    ])
    expect(routes[0]?.checks.map(({ check, requests }) => [check, requests])).toEqual([
      ['replay', 2],
      ['callIds', 1],
    ])
  })

  it('starts at zero for a check that was enforced in between', async () => {
    const refused = callLine({ report_only: ['run_id_missing'] })
    const { routes } = await readLog([
      startLine(['runId']),
      refused,
      reloadLine([]),
      reloadLine(['runId']),
      callLine(),
    ])
    expect(routes[0]?.checks).toMatchObject([{ check: 'runId', requests: 1, refusals: [] }])
  })

  it('goes on over a restart with the same checks', async () => {
    const start = startLine(['runId'])
    const { routes } = await readLog([start, callLine(), start, callLine()])
    expect(routes[0]?.checks[0]?.requests).toBe(2)
  })

  it('has other lines between, which are counted and not read', async () => {
    const others = ['', 'npm start', '{"msg":"request"', '[1]', '{"msg":"request"}', '{"msg":7}']
    const foreign = [
      { msg: 'started', listen: { port: 3000 } },
      { msg: 'started', routes: [{ name: 'app' }] },
      { ...callLine(), time: 'never' },
      { ...callLine(), report_only: 'run_id_missing' },
    ]
    const reading = await readLog([startLine(['runId']), ...others, ...foreign, callLine()])
    expect(reading.otherLines).toBe(others.length - 1 + foreign.length)
    expect(reading.routes[0]?.checks[0]).toMatchObject({ requests: 1, refusals: [] })
  })

  it('has text in front of its lines, as log collectors write it', async () => {
    const lines = [startLine(['runId']), callLine()].map(
      (line, i) => `gateway-${String(i)}  | 2026-11-28T00:00:00Z ${JSON.stringify(line)}`,
    )
    const { routes, otherLines } = await readLog(lines)
    expect([routes[0]?.checks[0]?.requests, otherLines]).toEqual([1, 0])
  })

  it('shows requests of which it does not say what was checked', async () => {
    const unmatched = callLine({ route: undefined })
    const lines = [callLine(), startLine(['runId']), callLine({ route: 'b' }), unmatched]
    expect(await readLog(lines)).toMatchObject({ requestsBefore: 2, otherLines: 0 })
  })

  it('counts from the time that it is given', async () => {
    const lines = [startLine(['runId']), callLine({}, 1), callLine({}, 2), callLine({}, 3)]
    const { routes } = await readLog(lines, Date.UTC(2026, 10, 28, 0, 2))
    expect(routes[0]?.checks[0]?.requests).toBe(2)
  })

  it('is refused if it names a check that this version does not know', async () => {
    await expect(readLog([startLine(['runId', 'weather'])])).rejects.toThrow('another version')
    await expect(readLog([startLine([], 'fax')])).rejects.toThrow('another version')
  })

  it('is the same however its bytes are cut', async () => {
    const called = callLine({ path: '/zażółć/🐘', report_only: ['run_id_missing'] })
    const bytes = Buffer.from(logText([startLine(['runId']), called]).trimEnd())
    const single = [...bytes].map((byte) => Buffer.from([byte]))
    const whole = await readRolloutLog(Readable.from([bytes]), 0)
    expect(await readRolloutLog(Readable.from(single), 0)).toEqual(whole)
    expect(whole.routes[0]?.checks[0]?.refusals[0]?.examples[0]?.path).toBe('/zażółć/🐘')
  })

  it('keeps nothing of a line that is too long', async () => {
    const chunk = Buffer.from('x'.repeat(65_536))
    const chunks = [
      logText([startLine(['runId'])]),
      ...Array.from({ length: 64 }, () => chunk),
      `\n${logText([callLine()])}`,
      ...Array.from({ length: 64 }, () => chunk),
    ]
    const { routes, otherLines } = await readRolloutLog(Readable.from(chunks), 0)
    expect([routes[0]?.checks[0]?.requests, otherLines]).toEqual([1, 2])
  })

  it('keeps the last three examples of each reason, and no more', async () => {
    const refused = [...Array(500).keys()].map((minute) =>
      callLine({ report_only: ['run_id_missing'] }, minute),
    )
    const { routes } = await readLog([startLine(['runId']), ...refused])
    const [refusal] = routes[0]?.checks[0]?.refusals ?? []
    expect(refusal?.count).toBe(500)
    expect(refusal?.examples.map(({ requestId }) => requestId)).toEqual(['r497', 'r498', 'r499'])
    expect(refusal?.firstMs).toBe(Date.UTC(2026, 10, 28, 0, 0))
  })

  it('has no more reasons than can be kept, whatever stands in it', async () => {
    const odd = [...Array(1000).keys()].map((i) => callLine({ report_only: [`odd_${String(i)}`] }))
    const { routes } = await readLog([startLine([]), ...odd])
    expect(routes[0]?.checks[0]?.refusals).toHaveLength(200)
  })
})
