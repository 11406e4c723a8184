/** What never ends is refused within a bounded number of bytes, at a cost that grows with them alone. */
import { describe, expect, it, vi } from 'vitest'

import { ByteQueue } from '../../../gateway/wire/byte-queue.ts'
import { RequestReader } from '../../../gateway/wire/request-reader.ts'
import { ResponseReader } from '../../../gateway/wire/response-reader.ts'
import { byteByByte, bytesOf } from '../../support/wire-reading.ts'

const HEAD_LIMIT = 8192

/** More than all limits together. */
const ENDLESS = 300_000

const START = 'POST / HTTP/1.1\r\n'
const CHUNKED = `${START}Transfer-Encoding: chunked\r\n\r\n`

/** @returns how many bytes were sent when they were refused; undefined if all of them were read. */
function bytesUntilRefused(
  reader: RequestReader | ResponseReader,
  start: string,
  repeated: string,
): number | undefined {
  for (let sent = 0, piece = start + repeated; sent < ENDLESS; piece = repeated) {
    reader.bytes.append(bytesOf(piece))
    sent += piece.length
    for (let event = reader.next(); event !== undefined; event = reader.next())
      if (event.kind === 'invalid') return sent
  }
  return undefined
}

describe('an endless request', () => {
  it.each([
    ['empty lines', '', '\r\n', 6],
    ['method', '', 'G', HEAD_LIMIT],
    ['target', 'GET /', 'a', HEAD_LIMIT],
    ['header name', START, 'a', HEAD_LIMIT],
    ['header value', `${START}A: `, 'a', HEAD_LIMIT],
    ['white space of a value', `${START}A:`, ' ', HEAD_LIMIT],
    ['headers', START, 'A: b\r\n', HEAD_LIMIT],
  ])('(%s) is refused at the head limit', (_, start, repeated, most) => {
    const refused = bytesUntilRefused(new RequestReader(HEAD_LIMIT), start, repeated)
    expect(refused).toBeLessThanOrEqual(most + repeated.length)
  })

  // CVE-2024-22019: 16 KiB of what is no body, and the longest line.
  it.each([
    ['digits of a chunk size', '', '0'],
    ['chunk extension', '1;', 'a'],
    ['quoted chunk extension', '1;a="', 'a'],
    ['chunk extensions', '1', ';a=b'],
    ['chunks with extensions', '', `1;${'a'.repeat(98)}\r\nx\r\n`],
    ['trailer name', '0\r\n', 'a'],
    ['trailer value', '0\r\nA: ', 'a'],
    ['trailers', '0\r\n', 'A: b\r\n'],
    ['chunk without a line end', '1\r\nx', 'x'],
  ])('(%s) is refused within 32 KiB', (_, start, repeated) => {
    const refused = bytesUntilRefused(new RequestReader(HEAD_LIMIT), CHUNKED + start, repeated)
    expect(refused).toBeLessThan(32 * 1024)
  })

  it('is read in plain chunks: how long a body may be is not for the reader to decide', () => {
    const reader = new RequestReader(HEAD_LIMIT)
    expect(bytesUntilRefused(reader, CHUNKED, '1\r\nx\r\n')).toBeUndefined()
  })
})

describe('an endless response', () => {
  it.each([
    ['empty lines', '', '\r\n', 2],
    ['reason phrase', 'HTTP/1.1 200 ', 'a', HEAD_LIMIT],
    ['header name', 'HTTP/1.1 200 OK\r\n', 'a', HEAD_LIMIT],
    ['row of interim responses', '', 'HTTP/1.1 100 Continue\r\n\r\n', 17 * 25],
    ['interim response', 'HTTP/1.1 103 Early Hints\r\n', 'A: b\r\n', HEAD_LIMIT],
  ])('(%s) is refused', (_, start, repeated, most) => {
    const reader = new ResponseReader(HEAD_LIMIT)
    reader.expect('POST')
    expect(bytesUntilRefused(reader, start, repeated)).toBeLessThanOrEqual(most + repeated.length)
  })
})

/** Bytes that are turned into text or moved while these are read one by one. */
function workFor(reader: RequestReader, bytes: Buffer): number {
  let work = 0
  const count = (length: number): void => {
    work += length
  }
  const peeked = vi.spyOn(ByteQueue.prototype, 'peekText')
  const moved = vi.spyOn(Buffer.prototype, 'copy')
  const searched = vi.spyOn(Buffer.prototype, 'indexOf')
  try {
    for (const byte of byteByByte(bytes)) {
      reader.bytes.append(byte)
      while (reader.next()?.kind === 'body');
    }
    for (const { value } of peeked.mock.results) count(String(value).length)
    for (const { value } of moved.mock.results) count(Number(value))
    for (const [i, [, from]] of searched.mock.calls.entries()) {
      const within: unknown = searched.mock.contexts[i]
      count(Buffer.isBuffer(within) ? within.length - Number(from) : 0)
    }
  } finally {
    vi.restoreAllMocks()
  }
  return work
}

describe('bytes that come one by one', () => {
  it.each([
    ['a header value', (n: number) => `${START}A: ${'a'.repeat(n)}`],
    ['a target', (n: number) => `GET /${'a'.repeat(n)}`],
    ['many headers', (n: number) => `${START}${'A: b\r\n'.repeat(n / 6)}`],
    ['a chunk extension', (n: number) => `${CHUNKED}1;${'a'.repeat(Math.min(n, 4000))}`],
    ['trailers', (n: number) => `${CHUNKED}0\r\n${'A: b\r\n'.repeat(Math.min(n, 16_000) / 6)}`],
    ['a body in chunks', (n: number) => `${CHUNKED}${'1\r\nx\r\n'.repeat(n / 6)}`],
  ])('cost the same each, however many came before: %s', (_, textOf) => {
    const text = bytesOf(textOf(30_000))
    const work = workFor(new RequestReader(1024 * 1024), text)
    // Read as text twice, searched, moved by a buffer that doubles: each a few bytes for each byte.
    expect(work / text.length).toBeLessThan(40)
  })
})
