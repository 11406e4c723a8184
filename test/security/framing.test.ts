/**
 * Request smuggling (threats D3, D4, D5, D13, D17; in Node CVE-2021-22959, -22960, CVE-2022-32213, -32214,
 * -32215, -35256, CVE-2024-27982, CVE-2025-23167): if gateway and app disagree on where a request ends,
 * the app finds a second one that nobody checked. Each of these violates the grammar of RFC 9112 or is
 * ambiguous by it, and is refused.
 */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, signedCall, startTarget } from '../support/attack.ts'
import { attacks, framed, smuggled } from '../support/framing-corpus.ts'
import { open, statusOf } from '../support/raw.ts'

describe('framing that can be read in two ways', () => {
  it.each(attacks)('$name is refused and reaches no app', async ({ bytes, status, reason }) => {
    const target = await startTarget()
    const answer = await target.raw(bytes(target))
    expect(statusOf(answer)).toBe(status)
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(target.reasons()).toEqual([reason])
    expect(target.upstream.bytes()).toBe('')
  })

  it('gives a smuggled request behind a whole one the same checks', async () => {
    const target = await startTarget()
    const call = signedCall(target).replace('Connection: close\r\n', '')
    const last = smuggled.replace(/(?=\r\n$)/, 'Connection: close\r\n')
    await target.raw(call + last)
    expect(target.upstream.seen).toHaveLength(1)
    expect(target.reasons()).toEqual(['none', 'route_not_found'])
  })

  it('hears nothing more on a connection that is being closed for an unread body', async () => {
    const target = await startTarget()
    const unread = callBytes('x'.repeat(1000), ['Content-Length: 1000'])
    const answer = await target.raw([unread + signedCall(target), signedCall(target)])
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401'])
    expect(target.reasons()).toEqual(['signature_missing'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('does not take up a request that comes behind its last answer either', async () => {
    const target = await startTarget()
    const socket = await open(target.gateway.port, '127.0.0.1', true)
    const unread = callBytes('x'.repeat(1000), ['Content-Length: 1000'])
    socket.write(unread.slice(0, -10))
    await once(socket, 'data')
    socket.write(unread.slice(-10) + signedCall(target))
    await expectQuiet(target)
    socket.destroy()
    expect(target.reasons()).toEqual(['signature_missing'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('drops chunk extensions and trailers, and frames what is sent anew', async () => {
    const target = await startTarget()
    const wire = (body: string) =>
      `${body.length.toString(16)};name="value"\r\n${body}\r\n0\r\nX-Inngest-Signature: t=1&s=2\r\nX-Trailer: x\r\n\r\n`
    const fields = ['Transfer-Encoding: chunked', 'Trailer: X-Trailer', 'Connection: close']
    expect(statusOf(await target.raw(framed(fields, wire)(target)))).toBe(200)
    const [only] = target.upstream.seen
    expect(target.upstream.seen).toHaveLength(1)
    expect(only?.fields['content-length']).toEqual([String(only?.body.length)])
    expect(Object.keys(only?.fields ?? {})).not.toContain('transfer-encoding')
    expect(target.upstream.bytes()).not.toMatch(/trailer|name=/i)
  })
})
