/** The counts of several processes as those of one. */
import { describe, expect, it } from 'vitest'

import { mergeChecks } from '../../../gateway/rollout/merge-checks.ts'
import { callLine, readLog, startLine, syncLine } from '../../support/rollout-log.ts'

const start = startLine(['runId', 'callIds'])
const refused = (minute: number) => callLine({ report_only: ['run_id_missing'] }, minute)

const checksOf = async (lines: Parameters<typeof readLog>[0]) =>
  (await readLog(lines)).routes[0]?.checks ?? []

describe('the counts of two processes', () => {
  it('are together those of one that has seen all', async () => {
    const [early, late] = [
      [refused(1), refused(2), callLine({}, 3), syncLine({}, 4)],
      [refused(5), refused(6), callLine({ report_only: ['path_ambiguous'] }, 7)],
    ]
    const whole = await checksOf([start, ...early, ...late])
    const merged = mergeChecks(await checksOf([start, ...late]), await checksOf([start, ...early]))
    const plain = merged.map(({ passed, ...check }) => ({
      ...check,
      passed: Object.fromEntries(Object.entries(passed).filter(([, count = 0]) => count > 0)),
    }))
    expect(plain.slice(0, 2)).toEqual(whole.slice(0, 2))
    expect(plain[2]?.check).toBe('other')
  })

  it('begin when the first has seen a request', async () => {
    const [none, some] = [await checksOf([start]), await checksOf([start, callLine({}, 9)])]
    for (const merged of [mergeChecks(none, some), mergeChecks(some, none)]) {
      expect(merged[0]).toEqual(some[0])
    }
  })
})
