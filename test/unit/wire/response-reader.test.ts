import { describe, expect, it } from 'vitest'

import { ResponseReader, type ReadResponse } from '../../../gateway/wire/response-reader.ts'
import {
  bytesOf,
  everySplit,
  readResponses,
  readResponseToEnd,
} from '../../support/wire-reading.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const THREE = `${OK}Content-Length: 3\r\n\r\nabc`

interface Summary {
  readonly head: ReadResponse | undefined
  readonly body: string | undefined
  readonly isComplete: boolean | undefined
  readonly problem: string | undefined
}

/** The same, whole, byte by byte, and split at each position. */
function reading(text: string, method = 'POST', { isEnded = true } = {}): Summary {
  const summaries = everySplit(bytesOf(text)).map((chunks): Summary => {
    const read = isEnded ? readResponseToEnd(chunks, method) : readResponses(chunks, [method])
    const [message] = read.messages
    const { head, body, isComplete } = message ?? {}
    return { head, body, isComplete, problem: read.problem }
  })
  const [whole] = summaries
  if (whole === undefined) throw new Error('everySplit gave nothing')
  for (const other of summaries) expect(other).toEqual(whole)
  return whole
}

describe('ResponseReader', () => {
  it('reads status, version, headers and body (RFC 9112 4, 5)', () => {
    expect(
      reading(`HTTP/1.1 404 Not Found\r\nX-A: \t\xe9 \r\nContent-Length: 3\r\n\r\nabc`),
    ).toEqual({
      head: {
        status: 404,
        httpVersion: '1.1',
        rawHeaders: ['X-A', '\xe9', 'Content-Length', '3'],
        framing: { kind: 'length', bytes: 3 },
        keepsConnection: true,
      },
      body: 'abc',
      isComplete: true,
      problem: undefined,
    })
  })

  it.each(['HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.0 999 \t\xe9', 'HTTP/1.1 200 A b'])(
    'accepts the status line %j (RFC 9112 4)',
    (line) => {
      expect(reading(`${line}\r\n\r\n`)).toMatchObject({ isComplete: true, problem: undefined })
    },
  )

  it.each([
    'HTTP/2.0 200 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 OK\r',
    'HTTP/1.1 200 OK\nA: b',
    '\r\nHTTP/1.1 200 OK',
    'http/1.1 200 OK',
    'ICE/1.1 200 OK',
    '<html>',
    '\0',
  ])('is no HTTP: %j (RFC 9112 2.3, 4)', (line) => {
    expect(reading(`${line}\r\n\r\n`).problem).toBe('not-http')
  })

  it.each(['A : b', ' A: b', 'A: \0', 'A: b\nC: d', 'A'])(
    'refuses the header %j (RFC 9112 2.2, 5.1, 5.2)',
    (line) => {
      expect(reading(`${OK}${line}\r\n\r\n`).problem).toBe('header-syntax')
    },
  )

  it('refuses a head beyond the limit', () => {
    const { problem } = readResponses([bytesOf(`${OK}A: ${'b'.repeat(99)}\r\n\r\n`)], ['GET'], 99)
    expect(problem).toBe('head-too-large')
  })

  it.each([
    ['Content-Length: 1, 1'],
    ['Content-Length: 1\r\nContent-Length: 1'],
    ['Content-Length: a'],
    ['Content-Length: 1\r\nTransfer-Encoding: chunked'],
    ['Transfer-Encoding: '],
  ])('refuses contradictory framing, with and without a body: %j (RFC 9112 6.3)', (line) => {
    expect(reading(`${OK}${line}\r\n\r\n`).problem).toBe('framing')
    expect(reading(`${OK}${line}\r\n\r\n`, 'HEAD').problem).toBe('framing')
    expect(reading(`HTTP/1.1 204 No Content\r\n${line}\r\n\r\n`).problem).toBe('framing')
  })

  it.each(['gzip', 'gzip, chunked', 'identity'])(
    'refuses the transfer coding %s, unless there is no body (RFC 9112 6.1)',
    (coding) => {
      const headers = `Transfer-Encoding: ${coding}\r\n\r\n`
      expect(reading(`${OK}${headers}`).problem).toBe('framing')
      expect(reading(`HTTP/1.1 304 Not Modified\r\n${headers}`).problem).toBeUndefined()
    },
  )

  it('knows no transfer coding in HTTP/1.0 (RFC 9112 6.1)', () => {
    const text = 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(reading(text).problem).toBe('framing')
  })

  it.each([
    ['HEAD', '200 OK'],
    ['POST', '204 No Content'],
    ['POST', '304 Not Modified'],
  ])('ends with its headers for %s and %s, whatever they say (RFC 9112 6.3)', (method, status) => {
    for (const line of ['Content-Length: 3', 'Transfer-Encoding: chunked', 'A: b']) {
      const text = `HTTP/1.1 ${status}\r\n${line}\r\n\r\n`
      const read = reading(text, method, { isEnded: false })
      expect(read).toMatchObject({
        body: '',
        isComplete: true,
        head: { framing: { kind: 'none' } },
      })
    }
  })

  it('reads chunks (RFC 9112 7.1)', () => {
    const text = `${OK}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n`
    expect(reading(text, 'POST', { isEnded: false })).toMatchObject({
      body: 'abc',
      isComplete: true,
    })
    expect(reading(text.replace('3;a', 'x;a')).problem).toBe('body')
  })

  it('ends with the connection if nothing else says where (RFC 9112 6.3)', () => {
    const read = reading(`${OK}\r\nabc`)
    expect(read).toMatchObject({ body: 'abc', isComplete: true, head: { keepsConnection: false } })
    expect(reading(`${OK}\r\nabc`, 'POST', { isEnded: false }).isComplete).toBe(false)
  })

  it.each([
    '',
    'HTTP/1.1 200',
    `${OK}Content-Length: 3\r\n\r\nab`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n`,
    'HTTP/1.1 100 Continue\r\n\r\n',
  ])('is cut short if the connection ends within it: %j (RFC 9112 8)', (text) => {
    expect(reading(text).isComplete).not.toBe(true)
  })

  it('skips interim responses, with their headers (RFC 9110 15.2)', () => {
    const interim =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: a\r\nContent-Length: 3\r\n\r\n'
    expect(reading(`${interim}${THREE}`)).toMatchObject({ head: { status: 200 }, body: 'abc' })
    expect(reading(`HTTP/1.1 102 P\r\nA : b\r\n\r\n${THREE}`).problem).toBe('header-syntax')
  })

  it('skips sixteen of them, and counts anew for each response', () => {
    const sixteen = 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(16)
    const text = `${sixteen}${THREE}${sixteen}${THREE}`
    const { messages, problem } = readResponses([bytesOf(text)], ['POST', 'POST'])
    expect([messages.length, problem]).toEqual([2, undefined])
    expect(readResponses([bytesOf(`${sixteen}HTTP/1.1 100\r\n\r\n`)]).problem).toBe(
      'too-many-interim',
    )
  })

  it.each(['HTTP/1.1 103\r\nConnection: close\r\n\r\n', 'HTTP/1.0 100 Continue\r\n\r\n'])(
    'refuses an interim response that closes the connection: %j (RFC 9112 9.3)',
    (interim) => {
      expect(reading(`${interim}${THREE}`).problem).toBe('framing')
    },
  )

  it('hands over what follows 101, of another protocol (RFC 9110 15.2.2)', () => {
    const reader = new ResponseReader(1000)
    reader.expect('GET')
    reader.bytes.append(bytesOf('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nab'))
    expect(reader.next()).toMatchObject({ kind: 'head', head: { status: 101 } })
    expect(reader.next()).toEqual({ kind: 'end' })
    expect([reader.bytes.length, reader.bytes.take().toString()]).toEqual([2, 'ab'])
  })

  it.each([
    ['HTTP/1.1 200 OK', 'A: b\r\nContent-Length: 0', true],
    ['HTTP/1.1 200 OK', 'Content-Length: 0\r\nConnection: close', false],
    ['HTTP/1.0 200 OK', 'Content-Length: 0', false],
    ['HTTP/1.0 200 OK', 'Content-Length: 0\r\nConnection: keep-alive', true],
    ['HTTP/1.1 200 OK', 'A: b', false],
  ])('%s with %j keeps its connection: %s (RFC 9112 9.3)', (line, headers, keepsConnection) => {
    expect(reading(`${line}\r\n${headers}\r\n\r\n`)).toMatchObject({ head: { keepsConnection } })
  })

  it('reads nothing that is not expected: it waits, and is counted (RFC 9112 9.2)', () => {
    const reader = new ResponseReader(1000)
    reader.bytes.append(bytesOf(THREE))
    expect([reader.next(), reader.bytes.length]).toEqual([undefined, THREE.length])
    expect(reader.connectionEnded()).toBeUndefined()
    reader.expect('POST')
    const kinds = [reader.next(), reader.next(), reader.next(), reader.next()]
    expect(kinds.map((event) => event?.kind)).toEqual(['head', 'body', 'end', undefined])
    reader.bytes.append(bytesOf('surplus'))
    expect([reader.next(), reader.bytes.length]).toEqual([undefined, 7])
  })

  it('reads nothing more after a problem', () => {
    const reader = new ResponseReader(1000)
    reader.expect('POST')
    reader.bytes.append(bytesOf('BAD\r\n\r\n'))
    expect(reader.next()).toEqual({ kind: 'invalid', problem: 'not-http' })
    expect([reader.next(), reader.connectionEnded()]).toEqual([undefined, undefined])
  })
})
