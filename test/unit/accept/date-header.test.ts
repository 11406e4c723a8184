import { afterEach, describe, expect, it, vi } from 'vitest'

import { dateHeader } from '../../../gateway/accept/date-header.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('dateHeader', () => {
  it('is the time of this second', () => {
    vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] })
    const first = ['Date', 'Fri, 15 Jan 2027 08:00:00 GMT']
    expect(dateHeader([])).toEqual(first)
    vi.setSystemTime(1_800_000_000_999)
    expect(dateHeader(['A', 'date'])).toEqual(first)
    vi.setSystemTime(1_800_000_001_000)
    expect(dateHeader([])).toEqual(['Date', 'Fri, 15 Jan 2027 08:00:01 GMT'])
  })

  it.each(['Date', 'date', 'DATE'])('is none if there is a %s', (name) => {
    expect(dateHeader(['A', 'b', name, ''])).toEqual([])
  })
})
