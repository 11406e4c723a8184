/**
 * The framing corpus: function calls whose framing violates the grammar of RFC 9112 or is ambiguous. Each is
 * signed, so that its framing is its only flaw. A request inside its body matches no route.
 */
import { callBytes, freshBody, signedCall, type Target } from './attack.ts'

/** Would be a second request, if a server took it for one. */
export const smuggled = 'GET /nothing HTTP/1.1\r\nHost: app.example.com\r\n\r\n'

export interface Attack {
  readonly name: string
  readonly bytes: (target: Target) => string
  readonly status: number
  readonly reason: string
}

/**
 * A call whose body is framed by `fields`.
 * @param wire the body as sent.
 */
export function framed(fields: readonly string[], wire: (body: string) => string = (body) => body) {
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

export const attacks: readonly Attack[] = [
  {
    name: 'a length and chunks',
    bytes: framed(['Content-Length: LENGTH', 'Transfer-Encoding: chunked'], chunked),
    ...unclear,
  },
  {
    name: 'chunks and a length',
    bytes: framed(['Transfer-Encoding: chunked', 'Content-Length: LENGTH'], chunked),
    ...unclear,
  },
  {
    name: 'an empty chunk before a smuggled request',
    bytes: framed(
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      () => `0\r\n\r\n${smuggled}`,
    ),
    ...unclear,
  },
  {
    name: 'two lengths',
    bytes: framed(['Content-Length: LENGTH', 'Content-Length: 3']),
    ...unclear,
  },
  {
    name: 'two equal lengths',
    bytes: framed(['Content-Length: LENGTH', 'Content-Length: LENGTH']),
    ...unclear,
  },
  {
    name: 'a list of lengths',
    bytes: framed(['Content-Length: LENGTH, LENGTH']),
    ...unclear,
  },
  { name: 'a signed length', bytes: framed(['Content-Length: +LENGTH']), ...unclear },
  { name: 'a negative length', bytes: framed(['Content-Length: -1']), ...unclear },
  { name: 'a hexadecimal length', bytes: framed(['Content-Length: 0x10']), ...unclear },
  { name: 'a length with a gap', bytes: framed(['Content-Length: 1 0']), ...unclear },
  {
    name: 'a length beyond any number',
    bytes: framed(['Content-Length: 99999999999999999999999']),
    ...unclear,
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
    ...unclear,
  },
  {
    name: 'chunked on two lines',
    bytes: framed(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked),
    ...unclear,
  },
  {
    name: 'chunked and identity',
    bytes: framed(['Transfer-Encoding: chunked, identity'], chunked),
    ...unclear,
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
    ...unparsable,
  },
  {
    name: 'HTTP/0.9 by name',
    bytes: (target) => signedCall(target).replace('HTTP/1.1', 'HTTP/0.9'),
    ...unparsable,
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
