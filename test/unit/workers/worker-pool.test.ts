import { describe, expect, it } from 'vitest'

import { restartDelayMs } from '../../../gateway/workers/worker-pool.ts'

describe('restartDelayMs', () => {
  it('is nothing for one that ends, and grows to 10 s where it ends again and again', () => {
    const delays = [1, 2, 3, 4, 7, 8, 9, 1000].map(restartDelayMs)
    expect(delays).toEqual([0, 200, 400, 800, 6400, 10_000, 10_000, 10_000])
  })
})
