/** Bodies in chunks, as RequestReader reads them. */
import { describe, expect, it } from 'vitest'

import { RequestReader } from '../../../gateway/wire/request-reader.ts'
import { bytesOf, everySplit, readRequests } from '../../support/wire-reading.ts'

const NEXT = 'GET /next HTTP/1.1\r\n\r\n'

/** What is read of this body and of the request behind it, the same however they are split. */
function bodyOf(chunks: string): string | undefined {
  const text = `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}${NEXT}`
  const readings = everySplit(bytesOf(text)).map((split) => {
    const { messages, problem } = readRequests(split)
    if (problem !== undefined) return problem
    expect(messages[1]?.head.target).toBe('/next')
    return messages[0]?.body
  })
  expect(new Set(readings).size).toBe(1)
  return readings[0]
}

describe('a body in chunks', () => {
  it.each([
    ['0\r\n\r\n', ''],
    ['1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n', 'a0123456789'],
    ['0a\r\n0123456789\r\n0000\r\n\r\n', '0123456789'],
    ['2\r\n\r\n\r\n0\r\n\r\n', '\r\n'],
  ])('is its chunks, joined: %j (RFC 9112 7.1)', (chunks, body) => {
    expect(bodyOf(chunks)).toBe(body)
  })

  it.each(['1;a', '1;a=b', '1;a="b;\\"\xe9\\\\"', '1;a;b=c;d="\t "', `1;${'a'.repeat(4000)}`])(
    'may have chunk extensions, which are ignored: %j (RFC 9112 7.1.1)',
    (line) => {
      expect(bodyOf(`${line}\r\nx\r\n0;a=b\r\n\r\n`)).toBe('x')
    },
  )

  it.each([
    '',
    ' 1',
    '1 ',
    '0x1',
    '-1',
    'g',
    '1;',
    '1;a=',
    '1;=a',
    '1 ;a',
    '1;a="',
    '1;a="\\',
    '1;a b',
    '10000000000000',
    'ffffffffffffffff',
    `1;${'a'.repeat(4095)}`,
  ])('is refused for the chunk line %j (RFC 9112 7.1)', (line) => {
    expect(bodyOf(`${line}\r\nx\r\n0\r\n\r\n`)).toBe('body')
  })

  it.each([
    '1\nx\r\n0\r\n\r\n',
    '1\r\nx\n0\r\n\r\n',
    '1\r\nxy\r\n0\r\n\r\n',
    '1\rx\r\n\r\n',
    '1\r\nx0\r\n\r\n',
    '1\r\nx\r0\r\n',
  ])(
    'is refused if a line does not end, or a chunk is followed by more than CRLF: %j (RFC 9112 7.1)',
    (chunks) => {
      expect(bodyOf(chunks)).toBe('body')
    },
  )

  it('takes a line of the longest length, and none that is longer', () => {
    expect(bodyOf(`1;${'a'.repeat(4094)}\r\nx\r\n0\r\n\r\n`)).toBe('x')
    expect(bodyOf(`1;${'a'.repeat(4095)}\r\nx\r\n0\r\n\r\n`)).toBe('body')
  })

  it.each(['A: b\r\n', 'A: b\r\nC:\r\n', 'Content-Type: x\r\n'])(
    'drops trailers: %j (RFC 9110 6.5.1)',
    (trailers) => {
      expect(bodyOf(`1\r\nx\r\n0\r\n${trailers}\r\n`)).toBe('x')
    },
  )

  it.each([
    'Content-Length: 1',
    'transfer-encoding: chunked',
    'Connection: close',
    'Proxy-Connection: close',
    'A : b',
    ' A: b',
    'A',
    'A: \0',
    'A: b\r\n c',
    'A: b\nC: d',
  ])('is refused for the trailer %j (RFC 9110 6.5.1, RFC 9112 5)', (line) => {
    expect(bodyOf(`0\r\n${line}\r\n\r\n`)).toBe('body')
  })
})

it('chunks of one byte that arrive together are one piece: each alone would cost far more than its byte', () => {
  const reader = new RequestReader(16_384)
  const long = 'y'.repeat(2000)
  const chunks = `${'1\r\nx\r\n'.repeat(5000)}7d0\r\n${long}\r\n1\r\nz\r\n0\r\n\r\n`
  reader.bytes.append(bytesOf(`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`))
  reader.next()
  const pieces = Array.from({ length: 3 }, () => reader.next()).map((event) =>
    event?.kind === 'body' ? event.bytes.toString() : '',
  )
  expect(pieces).toEqual(['x'.repeat(5000), long, 'z'])
  expect(reader.next()).toEqual({ kind: 'end' })
  expect(reader.bytes.length).toBe(0)
})
