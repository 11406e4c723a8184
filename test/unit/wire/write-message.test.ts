import { describe, expect, it } from 'vitest'

import { chunkStart, LAST_CHUNK, writeHead } from '../../../gateway/wire/write-message.ts'
import { bytesOf, readRequests } from '../../support/wire-reading.ts'

describe('writeHead', () => {
  it('writes a line for each header, and the empty line (RFC 9112 2.1)', () => {
    const head = writeHead('GET / HTTP/1.1', ['Host', 'a', 'X-A', '', 'x-a', '\xe9'])
    expect(head).toBe('GET / HTTP/1.1\r\nHost: a\r\nX-A: \r\nx-a: \xe9\r\n\r\n')
    expect(writeHead('HTTP/1.1 200 OK', [])).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })

  // Node's latin1 writes the low byte: U+010A is LF, U+010D is CR.
  it.each(['a\nb', 'a\rb', '\r\nX: y', 'a\u010ab', 'a\u010db', '\ud83d\ude00'])(
    'refuses a value that could be read as more than one header: %j (RFC 9110 5.5)',
    (value) => {
      expect(() => writeHead('GET / HTTP/1.1', ['X-A', value])).toThrow('a header')
    },
  )

  it('writes what is read as the same', () => {
    const rawHeaders = ['Host', 'a', 'X-A', '', 'X-Long', 'b'.repeat(3000)]
    const { messages } = readRequests([bytesOf(writeHead('PUT /a HTTP/1.1', rawHeaders))])
    expect(messages[0]?.head).toMatchObject({ method: 'PUT', target: '/a', rawHeaders })
  })
})

describe('chunks', () => {
  it('are read as what was written (RFC 9112 7.1)', () => {
    const head = writeHead('POST / HTTP/1.1', ['Transfer-Encoding', 'chunked'])
    const text = [head, chunkStart(26), 'a'.repeat(26), '\r\n', LAST_CHUNK].join('')
    const { messages, waiting } = readRequests([bytesOf(text)])
    expect(messages).toMatchObject([{ body: 'a'.repeat(26), isComplete: true }])
    expect(waiting).toBe(0)
  })
})
