/**
 * A trust probe as a second key: `POST ?probe=trust` is claimed with its target beside the MAC,
 * because its body is empty and equal ones within a second are normal. Added to a captured call it
 * must not give that call a second life:
 *
 *   captured: POST /api/inngest?fnId=f      replayed: POST /api/inngest?fnId=f&probe=trust
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

async function post(target: Target, query: string, body: string): Promise<number> {
  const fields = [
    `Content-Length: ${String(body.length)}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
  ]
  const line = `POST /api/inngest${query} HTTP/1.1`
  return statusOf(await target.raw(callBytes(body, [...fields, 'Connection: close'], line)))
}

describe('probe=trust', () => {
  it('is admitted once for each target', async () => {
    const target = await startTarget()
    expect(await post(target, '?probe=trust', '')).toBe(200)
    expect(await post(target, '?probe=trust', '')).toBe(409)
    expect(await post(target, '?probe=trust&x=1', '')).toBe(409)
    expect(target.upstream.seen).toHaveLength(1)
  })

  it.each(['&probe=trust', '&probe=trust&deployId=1', '&probe=x'])(
    'does not admit a captured call again with %s',
    async (more) => {
      const target = await startTarget()
      const body = freshBody()
      expect(await post(target, '?fnId=f&stepId=step', body)).toBe(200)
      expect(await post(target, `?fnId=f&stepId=step${more}`, body)).toBe(409)
      expect(target.upstream.seen).toHaveLength(1)
    },
  )

  it('does not do without a signature', async () => {
    const target = await startTarget()
    const line = 'POST /api/inngest?probe=trust HTTP/1.1'
    const bytes = callBytes('', ['Content-Length: 0', 'Connection: close'], line)
    expect(statusOf(await target.raw(bytes))).toBe(401)
  })
})
