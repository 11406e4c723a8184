/**
 * Two functions in one query: SDKs differ in which of two equal parameters they take, and frameworks in which
 * names they take for equal, so what is checked and what runs could differ. Such a query is refused.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a repeated id', () => {
  it.each([
    '?fnId=a&stepId=step&fnId=b',
    '?fnId=a&fnId=a',
    '?fnId=a&stepId=s&stepId=t',
    '?fnId=a&fn%49d=b',
    '?fnId=a&fnId',
    '?fnId=&fnId=',
    '?fnId[]=g&fnId=f',
    '?fnId%5B%5D=g&fnId=f',
    '?fnId=f&FNID=g',
    '?fnId=f&stepid=t',
    '?fnId=f;fnId=g',
  ])('%s is refused', async (query) => {
    const target = await startTarget()
    const bytes = signedCall(target).replace('?fnId=f&stepId=step', query)
    expect(statusOf(await target.raw(bytes))).toBe(400)
    expect(target.reasons()).toEqual(['target_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['enforce', 'report', 'off'])('is refused where replay is %s', async (replay) => {
    const target = await startTarget({ checks: { replay } })
    const bytes = signedCall(target).replace('fnId=f', 'fnId[]=g&fnId=f')
    expect(statusOf(await target.raw(bytes))).toBe(400)
    expect(target.reasons().at(-1)).toBe('target_ambiguous')
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['GET', 'PUT'])('is refused in a signed %s', async (method) => {
    const target = await startTarget({ checks: { replay: 'off' } })
    const fields = ['Content-Length: 0', `X-Inngest-Signature: ${target.sign('')}`]
    const line = `${method} /api/inngest?probe[]=trust HTTP/1.1`
    const bytes = callBytes('', [...fields, 'Connection: close'], line)
    expect(statusOf(await target.raw(bytes))).toBe(400)
    expect(target.reasons().at(-1)).toBe('target_ambiguous')
  })
})
