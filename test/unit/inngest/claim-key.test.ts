import { describe, expect, it } from 'vitest'

import { Body } from '../../../gateway/body.ts'
import { claimKey } from '../../../gateway/inngest/claim-key.ts'

const mac = Buffer.alloc(32, 7)
const newCall =
  '{"ctx":{"attempt":0,"env":"a\\"b","qi_id":"","request_id":"01M8","run_id":"r","stack":{}}}'
const oldCall = '{"ctx":{"attempt":0,"qi_id":"Ojo=","run_id":"r","stack":{"request_id":"x"}}}'

function keyOf(
  change: Partial<{
    method: string
    query: string
    body: string
    path: string
    strict: boolean
  }> = {},
) {
  const {
    method = 'POST',
    query = 'fnId=f&stepId=s',
    body = newCall,
    path = '/api/inngest',
    strict = false,
  } = change
  const verdict = claimKey(
    { method, host: 'h', path, query, mac, signedBody: Body.of(Buffer.from(body)) },
    strict,
  )
  if (!verdict.ok) return verdict.reason
  return verdict.value === undefined ? 'unclaimed' : Buffer.from(verdict.value).toString('hex')
}

describe('claimKey', () => {
  it.each([
    ['request_id', newCall],
    ['qi_id', '{"ctx":{"attempt":0,"qi_id":"MmU=","run_id":"r"}}'],
  ])('is the MAC alone where the signed body carries %s', (_, body) => {
    for (const query of ['', 'fnId=x', 'fnId=f&stepId=other', 'fnId=f&stepId=s&probe=trust']) {
      expect(keyOf({ body, query })).toBe(mac.toString('hex'))
    }
  })

  it.each([
    ['an older call', oldCall],
    ['an id outside of ctx', '{"ctx":{"attempt":0},"request_id":"x"}'],
    ['an id that is no text', '{"ctx":{"request_id":1}}'],
    ['an empty id', '{"ctx":{"request_id":""}}'],
    ['an id inside of event data', '{"ctx":{"attempt":0},"event":{"ctx":{"request_id":"x"}}}'],
  ])('tells the steps of %s apart', (_, body) => {
    expect(keyOf({ body, query: 'fnId=f&stepId=a' })).not.toBe(
      keyOf({ body, query: 'fnId=f&stepId=b' }),
    )
    expect(keyOf({ body, query: 'fnId=fa&stepId=b' })).not.toBe(
      keyOf({ body, query: 'fnId=f&stepId=ab' }),
    )
    expect(keyOf({ body, query: 'fnId=f&stepId=a&x=1' })).toBe(
      keyOf({ body, query: 'stepId=a&fnId=f' }),
    )
    expect(keyOf({ body, query: 'stepId=a', strict: true })).toBe(mac.toString('hex'))
  })

  it('tells targets of a sync apart, and does not claim an introspection', () => {
    expect(keyOf({ method: 'PUT', path: '/a' })).not.toBe(keyOf({ method: 'PUT', path: '/b' }))
    expect(keyOf({ method: 'GET' })).toBe('unclaimed')
  })

  it.each(['fnId=a&fnId=b', 'stepId=a&step%49d=b', 'fnId&fnId'])('refuses %s', (query) => {
    expect(keyOf({ query })).toBe('target_ambiguous')
  })
})
