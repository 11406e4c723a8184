import { describe, expect, it } from 'vitest'

import { formatDuration } from '../../../../gateway/ops/status/format.ts'

describe('formatDuration', () => {
  it.each([
    [0.04, '0.0 ms'],
    [9.96, '10 ms'],
    [999.4, '999 ms'],
    [999.7, '1.00 s'],
    [99_960, '100 s'],
    [999_600, '1,000 s'],
    [7_200_000, '7,200 s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds).replace('\u00a0', ' ')).toBe(text)
  })
})
