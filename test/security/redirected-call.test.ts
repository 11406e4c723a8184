/**
 * A function call that a redirect has turned into a GET (inngest-js 1715): Inngest would count it as done
 * although nothing ran. It is refused.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a GET with a body', () => {
  it.each(['Content-Length: LENGTH', 'Transfer-Encoding: chunked'])(
    'is refused if it is framed by %s, signed or not',
    async (framing) => {
      const target = await startTarget()
      const body = freshBody()
      const fields = [framing.replace('LENGTH', String(body.length)), 'Connection: close']
      const wire = framing.startsWith('T')
        ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
        : body
      const line = 'GET /api/inngest?fnId=f&stepId=step HTTP/1.1'
      const signature = `X-Inngest-Signature: ${target.sign(body)}`
      for (const more of [[signature], []]) {
        const answer = await target.raw(callBytes(wire, [...fields, ...more], line))
        expect(statusOf(answer)).toBe(400)
      }
      expect(target.reasons()).toEqual(['body_not_allowed', 'body_not_allowed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it('is an introspection, which can be turned off, if its length is 0', async () => {
    const get = (target: Awaited<ReturnType<typeof startTarget>>) =>
      target.raw(signedCall(target, [], '').replace(/^POST \S+/, 'GET /api/inngest'))
    const open = await startTarget()
    expect(statusOf(await get(open))).toBe(200)
    const closed = await startTarget((upstream) => ({
      routes: [{ name: 'app', upstream, introspection: false, signingKeys: [{ env: 'PRIMARY' }] }],
    }))
    expect(statusOf(await get(closed))).toBe(405)
    expect(closed.reasons()).toEqual(['method_not_allowed'])
    expect(closed.upstream.bytes()).toBe('')
  })
})
