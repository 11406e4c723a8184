/**
 * Leaving HTTP (threat D13): after an `Upgrade` that a proxy passes on, it sees nothing any more,
 * and the sender talks to the app:
 *
 *   POST /api/inngest HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('an upgrade', () => {
  it.each(['websocket', 'TLS/1.0', 'websocket, h2c'])(
    'is refused on an Inngest route if it is to %s',
    async (protocol) => {
      const target = await startTarget()
      const upgrading = signedCall(target, [`Upgrade: ${protocol}`]).replace(
        'Connection: close',
        'Connection: Upgrade',
      )
      expect(statusOf(await target.raw([upgrading, 'PRI * HTTP/2.0\r\n\r\n']))).toBe(400)
      expect(target.reasons()).toEqual(['upgrade_not_allowed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it.each(['TLS/1.0', 'websocket, h2c'])(
    'is refused on a passthrough route if it is to %s',
    async (protocol) => {
      const target = await startTarget((upstream) => ({
        routes: [{ name: 'app', policy: 'passthrough', upstream }],
      }))
      const head = ['GET /x HTTP/1.1', 'Host: a', 'Connection: Upgrade', `Upgrade: ${protocol}`]
      expect(statusOf(await target.raw(`${head.join('\r\n')}\r\n\r\n`))).toBe(400)
      expect(target.reasons()).toEqual(['upgrade_not_allowed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )
})

describe('an expectation', () => {
  it('is refused unless it is 100-continue', async () => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, ['Expect: 200-ok'])))).toBe(417)
    expect(target.reasons()).toEqual(['expectation_unknown'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('is not met for a head that is refused, and met for one that is not', async () => {
    const target = await startTarget()
    const body = freshBody()
    const fields = [
      'Expect: 100-continue',
      `Content-Length: ${String(body.length)}`,
      'Connection: close',
    ]
    const refused = await target.raw(callBytes('', fields))
    expect(refused).not.toContain('100 Continue')
    expect(statusOf(refused)).toBe(401)
    const signed = [...fields, `X-Inngest-Signature: ${target.sign(body)}`]
    const answer = await target.raw(callBytes(body, signed))
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/)
    expect(target.upstream.bytes()).not.toMatch(/expect/i)
  })

  it('is met on a passthrough route by the gateway, not by the app', async () => {
    const target = await startTarget((upstream) => ({
      routes: [{ name: 'app', policy: 'passthrough', upstream }],
    }))
    const fields = ['Expect: 100-continue', 'Content-Length: 2', 'Connection: close']
    const answer = await target.raw(callBytes('hi', fields, 'POST /x HTTP/1.1'))
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/)
    expect(target.upstream.bytes()).not.toMatch(/expect/i)
  })
})
