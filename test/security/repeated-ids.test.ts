/**
 * Two functions in one query: SDKs differ in which of two equal parameters they take, so what is claimed
 * and what runs could differ. Such a query is refused.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a repeated id', () => {
  it.each([
    '?fnId=a&stepId=step&fnId=b',
    '?fnId=a&fnId=a',
    '?fnId=a&stepId=s&stepId=t',
    '?fnId=a&fn%49d=b',
    '?fnId=a&fnId',
    '?fnId=&fnId=',
  ])('%s is refused', async (query) => {
    const target = await startTarget()
    const bytes = signedCall(target).replace('?fnId=f&stepId=step', query)
    expect(statusOf(await target.raw(bytes))).toBe(400)
    expect(target.reasons()).toEqual(['target_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })
})
