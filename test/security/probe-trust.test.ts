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
      expect(await post(target, `?fnId=f&stepId=step${more}`, body)).toBe(400)
      expect(target.upstream.seen).toHaveLength(1)
    },
  )

  // An SDK responds to the probe, and Inngest would take that for the result of the call.
  it.each(['fnId=f&probe=trust', 'stepId=step&probe=x', 'probe&fnId=f', 'probe=trust;fnId=f'])(
    'is refused in a function call, as %s',
    async (query) => {
      const target = await startTarget()
      expect(await post(target, `?${query}`, freshBody())).toBe(400)
      expect(target.reasons()).toEqual(['target_ambiguous'])
      expect(target.upstream.seen).toEqual([])
    },
  )

  it.each([
    ['as the server writes it', (body: string) => body],
    ['re-encoded', (body: string) => body.replace('{"ctx"', '{ "ctx"')],
  ])('is refused with the body of a function call, %s', async (_, encode) => {
    const target = await startTarget()
    const body = encode(freshBody().replace('"run"', `"${'r'.repeat(300)}"`))
    expect(await post(target, '?probe=trust', body)).toBe(400)
    expect(target.reasons()).toEqual(['target_ambiguous'])
    expect(target.upstream.seen).toEqual([])
  })

  it('is admitted with a long body that is no function call', async () => {
    const target = await startTarget()
    expect(await post(target, '?probe=trust', `{"probe":"${'p'.repeat(300)}"}`)).toBe(200)
  })

  it('does not do without a signature', async () => {
    const target = await startTarget()
    const line = 'POST /api/inngest?probe=trust HTTP/1.1'
    const bytes = callBytes('', ['Content-Length: 0', 'Connection: close'], line)
    expect(statusOf(await target.raw(bytes))).toBe(401)
  })
})
