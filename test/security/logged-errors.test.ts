/**
 * Reading the log (threat B11, the class of hookaido GHSA-cpfq-rj4r-hh5c): libraries attach to their
 * errors what they were working on, such as the key of a claim, which is the signature of a call that is
 * not claimed, or the bytes of a response. The log holds the message of an error and nothing else of it.
 */
import { describe, expect, it } from 'vitest'

import { freshBody, signedCall, startTarget } from '../support/attack.ts'
import { plainRequest, startBefore } from '../support/raw-app.ts'
import { statusOf } from '../support/raw.ts'
import { startRedis } from '../support/redis-server.ts'

describe('the log of a failure', () => {
  it('has nothing of a signature that the store did not take', { tags: ['redis'] }, async () => {
    const server = await startRedis()
    const replay = { store: 'redis', url: server.url, timeout: '10s', coldStart: 'accept' }
    const target = await startTarget({ replay })
    await expect.poll(async () => statusOf(await target.raw(signedCall(target)))).toBe(200)
    await server.client.config('SET', 'maxmemory', '1')
    const body = freshBody()
    const mac = Buffer.from(target.sign(body).slice(-64), 'hex')
    expect(statusOf(await target.raw(signedCall(target, [], body)))).toBe(503)
    const log = JSON.stringify(target.gateway.logLines)
    expect(log).toContain('OOM')
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      expect(log).not.toContain(mac.toString(form))
    }
  })

  it.each(['a signed call', 'a plain request'])(
    'has, for %s, nothing of the response',
    async (kind) => {
      const secret = 'Set-Cookie: session=4711'
      const answer = `HTTP/1.1 200 OK\r\nX-A: b\x01c\r\n${secret}\r\nContent-Length: 2\r\n\r\nhi`
      const target = await startBefore(answer)
      const bytes = kind === 'a signed call' ? signedCall(target) : plainRequest
      expect(statusOf(await target.raw(bytes))).toBe(502)
      const log = JSON.stringify(target.gateway.logLines)
      expect(log).toContain('upstream_header_malformed')
      expect(log).not.toContain('4711')
      expect(log).not.toContain([...Buffer.from('4711')].join(','))
    },
  )
})
