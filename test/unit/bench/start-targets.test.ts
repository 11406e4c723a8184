import { describe, expect, it } from 'vitest'

import { judgeStart } from '../../../bench/targets.ts'

const before = { cpuMs: 600, rss: 140e6 }
const verdicts = (own: typeof before) => judgeStart(own, before).map(({ verdict }) => verdict)

describe('a start', () => {
  it('is judged by CPU and RSS against the source of before-wire, and by CPU alone', () => {
    expect(verdicts({ cpuMs: 200, rss: 80e6 })).toEqual(['met', 'met', 'met'])
    expect(verdicts({ cpuMs: 220, rss: 90e6 })).toEqual(['not met', 'not met', 'met'])
    expect(verdicts({ cpuMs: 301, rss: 80e6 })).toEqual(['not met', 'met', 'not met'])
  })

  it('is not judged where the other was not measured', () => {
    expect(judgeStart({ cpuMs: 200, rss: 80e6 }, undefined)).toHaveLength(1)
  })
})
