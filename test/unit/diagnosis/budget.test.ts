import { describe, expect, it } from 'vitest'

import { DiagnosisBudget } from '../../../gateway/diagnosis/budget.ts'

const overheadBytes = 512
const options = { bytesPerSecond: 1000, burstBytes: 10_000 }

/** Takes so much in all that the bucket is empty. */
function emptied(nowMs: number): DiagnosisBudget {
  const budget = new DiagnosisBudget(options)
  expect(budget.take(10_000 - overheadBytes, nowMs)).toBe(true)
  return budget
}

describe('DiagnosisBudget', () => {
  it('gives its burst at once and not a byte more', () => {
    const budget = new DiagnosisBudget(options)
    expect(budget.take(10_001 - overheadBytes, 5)).toBe(false)
    expect(budget.take(10_000 - overheadBytes, 5)).toBe(true)
    expect(budget.take(0, 5)).toBe(false)
  })

  it('counts each pass, however few its bytes', () => {
    const budget = new DiagnosisBudget(options)
    const passes = Array.from({ length: 100 }, () => budget.take(0, 0))
    expect(passes.filter(Boolean)).toHaveLength(Math.floor(10_000 / overheadBytes))
  })

  it('fills up as time passes, up to its burst', () => {
    expect(emptied(0).take(1001 - overheadBytes, 1000)).toBe(false)
    expect(emptied(0).take(1000 - overheadBytes, 1000)).toBe(true)
    expect(emptied(0).take(10_001 - overheadBytes, 1_000_000)).toBe(false)
    expect(emptied(0).take(10_000 - overheadBytes, 1_000_000)).toBe(true)
  })

  it('gets nothing from a clock that steps back, and goes on from there', () => {
    const budget = emptied(1_000_000)
    expect(budget.take(0, 0)).toBe(false)
    expect(budget.take(2501 - overheadBytes, 2500)).toBe(false)
    expect(budget.take(2500 - overheadBytes, 2500)).toBe(true)
  })

  it('opens again a quarter full, having run dry', () => {
    const budget = emptied(0)
    expect(budget.take(0, 0)).toBe(false)
    expect(budget.take(0, 2499)).toBe(false)
    expect(budget.take(0, 2500)).toBe(true)
    expect(budget.take(0, 2500)).toBe(true)
  })

  it('stays open after a body that is more than all of it', () => {
    const budget = new DiagnosisBudget(options)
    expect(budget.take(10_000, 0)).toBe(false)
    expect(budget.take(5000, 0)).toBe(true)
  })

  it('has done no more than it earned, in whatever order requests come', () => {
    const budget = new DiagnosisBudget(options)
    let doneBytes = 0
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 7) {
      const bytes = (nowMs * 7919) % 500
      if (budget.take(bytes, nowMs)) doneBytes += bytes + overheadBytes
    }
    expect(doneBytes).toBeLessThanOrEqual(10_000 + 60 * 1000)
    expect(doneBytes).toBeGreaterThan(60 * 1000)
  })
})
