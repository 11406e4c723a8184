/**
 * One signature has one use: a captured one opens nothing under another method, at another target, or
 * beside other unsigned parameters.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

async function call(target: Target, line: string, body: string): Promise<number> {
  const fields = [
    `Content-Length: ${String(body.length)}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
    'Connection: close',
  ]
  return statusOf(await target.raw(callBytes(body, fields, `${line} HTTP/1.1`)))
}

describe('a signature that was used', () => {
  it.each([
    'PUT /api/inngest',
    'PUT /api/inngest?deployId=1',
    'PUT /api/inngest?fnId=f&probe=trust',
  ])('for a function call is refused for %s', async (line) => {
    const target = await startTarget()
    const body = freshBody()
    expect(await call(target, 'POST /api/inngest?fnId=f&stepId=step', body)).toBe(200)
    // 409 would count as a success of a sync.
    expect(await call(target, line, body)).toBe(403)
    expect(target.upstream.seen).toHaveLength(1)
  })

  it.each(['PUT /api/inngest?deployId=2', 'POST /api/inngest?fnId=f'])(
    'for a sync is refused for %s',
    async (line) => {
      const target = await startTarget()
      const body = '{"url":"http://app/api/inngest"}'
      expect(await call(target, 'PUT /api/inngest?deployId=1', body)).toBe(200)
      expect([403, 409]).toContain(await call(target, line, body))
      expect(target.upstream.seen).toHaveLength(1)
    },
  )

  it.each(['{"ctx":{"a":{"b":1},"qi_id":"MmU="}}', '{"a":1,"ctx":{"request_id":"01M8"}}'])(
    'for the unusual body %s is refused with another function and step',
    async (body) => {
      const target = await startTarget()
      expect(await call(target, 'POST /api/inngest?fnId=f&stepId=a', body)).toBe(200)
      expect(await call(target, 'POST /api/inngest?fnId=g&stepId=b', body)).toBe(409)
    },
  )
})

describe('a signed POST without a body', () => {
  it.each(['', '?fnId=f', '?probe=trust&fnId=f', '?probe=trust&stepId=s', '?probe=other'])(
    'is refused with the query %j',
    async (query) => {
      const target = await startTarget()
      expect(await call(target, `POST /api/inngest${query}`, '')).toBe(400)
      expect(target.gateway.logLines.at(-1)?.['reason']).toBe('call_body_missing')
      expect(target.upstream.seen).toHaveLength(0)
    },
  )
})
