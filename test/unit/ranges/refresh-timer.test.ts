import { describe, expect, it } from 'vitest'

import { refreshDelaySeconds } from '../../../gateway/ranges/refresh-timer.ts'

describe('refreshDelaySeconds', () => {
  it.each([
    [14_400, 0, 14_400],
    [14_400, 1, 60],
    [14_400, 2, 120],
    [14_400, 8, 7680],
    [14_400, 9, 14_400],
    [14_400, 5000, 14_400],
    [60, 1, 60],
    [60, 2, 60],
  ])('waits %i s after %i failed rounds: %i s', (refresh, failed, expected) => {
    expect(refreshDelaySeconds(refresh, failed, 0.5)).toBe(expected)
  })

  it.each([
    [0, 900],
    [0.5, 1000],
    [1, 1100],
  ])('varies by a tenth: %d gives %i s', (random, expected) => {
    expect(refreshDelaySeconds(1000, 0, random)).toBeCloseTo(expected)
  })
})
