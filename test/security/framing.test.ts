/**
 * Request smuggling (threats D3, D4, D5, D13, D17; in Node CVE-2021-22959, -22960, CVE-2022-32213, -32214,
 * -32215, -35256, CVE-2024-27982, CVE-2025-23167): if gateway and app disagree on where a request ends,
 * the app finds a second one that nobody checked. Each of these violates the grammar of RFC 9112 or is
 * ambiguous by it, and is refused. Each is signed, so that its framing is its only flaw; what would be
 * found inside asks for nothing.
 */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import {
  callBytes,
  expectQuiet,
  freshBody,
  signedCall,
  startTarget,
  type Target,
} from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'

const smuggled = 'GET /nothing HTTP/1.1\r\nHost: app.example.com\r\n\r\n'

interface Attack {
  readonly name: string
  readonly bytes: (target: Target) => string
  readonly status: number
  readonly reason: string
}

/** A call whose body is framed by `fields`. @param wire the body as it travels. */
function framed(fields: readonly string[], wire: (body: string) => string = (body) => body) {
  return (target: Target) => {
    const body = freshBody()
    const signature = `X-Inngest-Signature: ${target.sign(body)}`
    const named = fields.map((field) => field.replace('LENGTH', String(body.length)))
    return callBytes(wire(body), [signature, ...named])
  }
}

const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
const unparsable = { status: 400, reason: 'request_unparsable' }
const unclear = { status: 400, reason: 'framing_ambiguous' }

const attacks: Attack[] = [
  {
    name: 'a length and chunks',
    bytes: framed(['Content-Length: LENGTH', 'Transfer-Encoding: chunked'], chunked),
    ...unparsable,
  },
  {
    name: 'chunks and a length',
    bytes: framed(['Transfer-Encoding: chunked', 'Content-Length: LENGTH'], chunked),
    ...unparsable,
  },
  {
    name: 'an empty chunk before a smuggled request',
    bytes: framed(
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      () => `0\r\n\r\n${smuggled}`,
    ),
    ...unparsable,
  },
  {
    name: 'two lengths',
    bytes: framed(['Content-Length: LENGTH', 'Content-Length: 3']),
    ...unparsable,
  },
  {
    name: 'two equal lengths',
    bytes: framed(['Content-Length: LENGTH', 'Content-Length: LENGTH']),
    ...unparsable,
  },
  {
    name: 'a list of lengths',
    bytes: framed(['Content-Length: LENGTH, LENGTH']),
    ...unparsable,
  },
  { name: 'a signed length', bytes: framed(['Content-Length: +LENGTH']), ...unparsable },
  { name: 'a negative length', bytes: framed(['Content-Length: -1']), ...unparsable },
  { name: 'a hexadecimal length', bytes: framed(['Content-Length: 0x10']), ...unparsable },
  { name: 'a length with a gap', bytes: framed(['Content-Length: 1 0']), ...unparsable },
  {
    name: 'a length beyond any number',
    bytes: framed(['Content-Length: 99999999999999999999999']),
    ...unparsable,
  },
  {
    name: 'a length of sixteen digits',
    bytes: framed(['Content-Length: 9007199254740993']),
    ...unclear,
  },
  { name: 'space before the colon', bytes: framed(['Content-Length : LENGTH']), ...unparsable },
  {
    name: 'space before the colon of the encoding',
    bytes: framed(['Transfer-Encoding : chunked'], chunked),
    ...unparsable,
  },
  {
    name: 'a folded line',
    bytes: framed(['X-A: b\r\n Transfer-Encoding: chunked', 'Content-Length: LENGTH']),
    ...unparsable,
  },
  {
    name: 'a folded encoding',
    bytes: framed(['Transfer-Encoding:\r\n chunked'], chunked),
    ...unparsable,
  },
  {
    name: 'a bare line feed between fields',
    bytes: framed(['X-A: b\nTransfer-Encoding: chunked', 'Content-Length: LENGTH']),
    ...unparsable,
  },
  {
    name: 'a bare carriage return between fields',
    bytes: framed(['X-A: b\rTransfer-Encoding: chunked', 'Content-Length: LENGTH']),
    ...unparsable,
  },
  {
    name: 'two encodings',
    bytes: framed(['Transfer-Encoding: gzip, chunked'], chunked),
    ...unclear,
  },
  {
    name: 'chunked twice in a list',
    bytes: framed(['Transfer-Encoding: chunked, chunked'], chunked),
    ...unparsable,
  },
  {
    name: 'chunked on two lines',
    bytes: framed(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked),
    ...unparsable,
  },
  {
    name: 'chunked and identity',
    bytes: framed(['Transfer-Encoding: chunked, identity'], chunked),
    ...unparsable,
  },
  {
    name: 'identity on a line before',
    bytes: framed(['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], chunked),
    ...unclear,
  },
  {
    name: 'an unknown encoding',
    bytes: framed(['Transfer-Encoding: xchunked'], chunked),
    ...unclear,
  },
  {
    name: 'a parameter on chunked',
    bytes: framed(['Transfer-Encoding: chunked;a=b'], chunked),
    ...unclear,
  },
  {
    name: 'chunks in HTTP/1.0',
    bytes: (target) =>
      framed(['Transfer-Encoding: chunked'], chunked)(target).replace('HTTP/1.1', 'HTTP/1.0'),
    ...unclear,
  },
  {
    name: 'HTTP/2.0 by name',
    bytes: (target) => signedCall(target).replace('HTTP/1.1', 'HTTP/2.0'),
    ...unclear,
  },
  {
    name: 'HTTP/0.9 by name',
    bytes: (target) => signedCall(target).replace('HTTP/1.1', 'HTTP/0.9'),
    ...unclear,
  },
  {
    name: 'HTTP/1.2',
    bytes: (target) => signedCall(target).replace('HTTP/1.1', 'HTTP/1.2'),
    ...unparsable,
  },
  {
    name: 'a chunk size that is no number',
    bytes: framed(['Transfer-Encoding: chunked'], (body) => `zz\r\n${body}\r\n0\r\n\r\n`),
    ...unparsable,
  },
  {
    name: 'a chunk that overflows',
    bytes: framed(['Transfer-Encoding: chunked'], (body) => `fffffffffffffffff\r\n${body}\r\n`),
    ...unparsable,
  },
  {
    name: 'a chunk ended by a line feed',
    bytes: framed(['Transfer-Encoding: chunked'], (body) => `${body.length.toString(16)}\n${body}`),
    ...unparsable,
  },
  {
    name: 'a chunk extension ended by a line feed',
    bytes: framed(
      ['Transfer-Encoding: chunked'],
      (body) => `${body.length.toString(16)};a\n${body}\r\n0\r\n\r\n`,
    ),
    ...unparsable,
  },
  {
    name: 'a chunk longer than it says',
    bytes: framed(['Transfer-Encoding: chunked'], (body) => `1\r\n${body}\r\n0\r\n\r\n`),
    ...unparsable,
  },
  {
    name: 'a doubled Host',
    bytes: (target) => signedCall(target, ['Host: evil.example.com']),
    status: 400,
    reason: 'request_malformed',
  },
  {
    name: 'no Host',
    bytes: (target) => signedCall(target).replace('Host: app.example.com\r\n', ''),
    status: 400,
    reason: 'request_malformed',
  },
  {
    name: 'a Host that holds a path',
    bytes: (target) => signedCall(target).replace('app.example.com', 'app.example.com/x'),
    status: 400,
    reason: 'request_malformed',
  },
]

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
    expect(target.reasons()).toEqual(['route_not_found', 'none'])
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
