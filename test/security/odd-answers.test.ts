/**
 * An app whose response one HTTP implementation reads and another does not write: an exception in an
 * event would end the gateway, and with it every other app's requests.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, signedCall, type Target } from '../support/attack.ts'
import { plainRequest, startBefore } from '../support/raw-app.ts'
import { statusOf } from '../support/raw.ts'

const handshake = callBytes('', ['Connection: Upgrade', 'Upgrade: websocket'], 'GET /x HTTP/1.1')

const length = 'Content-Length: 2\r\n\r\nhi'

describe.each(['signed call', 'plain request', 'WebSocket handshake'])(
  'in answer to a %s',
  (kind) => {
    const bytesFor = (target: Target) =>
      kind === 'signed call'
        ? signedCall(target)
        : kind === 'plain request'
          ? plainRequest
          : handshake

    it.each([
      [
        'a control byte in the reason phrase',
        `HTTP/1.1 200 O\x01K\r\n${length}`,
        502,
        /^upstream_/,
      ],
      ['a reason phrase beyond ASCII', `HTTP/1.1 200 \xe9\r\n${length}`, 200, 'none'],
      ['the status 099', `HTTP/1.1 099 Early\r\n${length}`, 502, /^upstream_/],
      ['the status 000', `HTTP/1.1 000 None\r\n${length}`, 502, /^upstream_/],
    ])('%s does no harm', async (_what, answer, status, reason) => {
      const target = await startBefore(answer)
      const text = await target.raw(bytesFor(target))
      expect(statusOf(text)).toBe(status)
      expect(text.split('\r\n')[0]).toMatch(/^[\x20-\x7e]+$/)
      await expectQuiet(target)
      expect(String(target.reasons()[0])).toMatch(reason)
    })
  },
)

describe('a protocol that nobody asked for', () => {
  it.each(['a signed call', 'a plain request'])('is not switched to for %s', async (kind) => {
    const target = await startBefore(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n',
    )
    const answer = await target.raw(kind === 'a signed call' ? signedCall(target) : plainRequest)
    expect(statusOf(answer)).toBe(502)
    await expectQuiet(target)
  })
})

describe('a response with 1500 headers', () => {
  const response = (line: string) =>
    `HTTP/1.1 ${line}\r\n${'a: b\r\n'.repeat(1500)}Set-Cookie: c=d\r\nContent-Length: 2\r\n\r\nhi`

  const bytesFor = (target: Target, kind: string) =>
    kind === 'a signed call'
      ? signedCall(target)
      : kind === 'a plain request'
        ? plainRequest
        : handshake

  describe.each(['a signed call', 'a plain request', 'a WebSocket handshake'])('to %s', (kind) => {
    it('loses none of them', async () => {
      const target = await startBefore(response('200 OK'))
      const text = await target.raw(bytesFor(target, kind))
      expect(statusOf(text)).toBe(200)
      expect(text).toMatch(/^set-cookie: c=d\r$/im)
    })

    it('is refused if it is larger than `upstream.maxResponseHeaderSize`', async () => {
      const target = await startBefore(response('200 OK'), {
        upstream: { maxResponseHeaderSize: '8KiB' },
      })
      expect(statusOf(await target.raw(bytesFor(target, kind)))).toBe(502)
      expect(target.reasons()).toEqual(['upstream_headers_too_large'])
    })
  })
})

it('keeps the bytes of the fields that come with a switch of protocols', async () => {
  const target = await startBefore(
    'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Name: caf\xe9\r\n\r\n',
  )
  const text = await target.raw(handshake)
  expect(text).toContain('caf\xe9\r\n')
})
