import { describe, expect, it } from 'vitest'

import { sectionToCode } from '../../../gateway/config/schema/code-names.ts'
import { limitsSchema } from '../../../gateway/config/schema/limits.ts'
import { countWorkers, shareOf } from '../../../gateway/config/schema/worker-count.ts'

const limits = sectionToCode('limits', limitsSchema.parse(undefined))

describe('countWorkers', () => {
  it.each([
    ['what is written, whatever the machine has', 3, 2, 3],
    ['as many as run at once', 'auto', 2, 2],
    ['no more than have room for two bodies each', 'auto', 48, 6],
  ] as const)('gives %s', (_, workers, parallelism, count) => {
    expect(countWorkers({ workers, limits }, parallelism)).toBe(count)
  })

  it('gives 64 at most, and one at least', () => {
    const wide = { ...limits, maxBodyBytes: 1024 }
    expect(countWorkers({ workers: 'auto', limits: wide }, 200)).toBe(64)
    const narrow = { ...limits, maxBufferedBytes: 1024 }
    expect(countWorkers({ workers: 'auto', limits: narrow }, 4)).toBe(1)
  })
})

describe('shareOf', () => {
  it('divides what the machine may hold in total, and nothing else', () => {
    expect(shareOf(limits, 4)).toEqual({
      ...limits,
      maxBufferedBytes: 33_554_432,
      maxConnections: 2500,
      maxConnectionsPerAddress: 500,
      maxRequestsInFlight: 1250,
    })
    expect(shareOf(limits, 1)).toEqual(limits)
  })

  it('leaves one of each', () => {
    expect(shareOf({ ...limits, maxConnections: 3 }, 4).maxConnections).toBe(1)
  })
})
