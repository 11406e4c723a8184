import { METHODS } from 'node:http'
import { describe, expect, it } from 'vitest'

import { RequestReader, type ReadRequest } from '../../../gateway/wire/request-reader.ts'
import { bytesOf, everySplit, readRequests } from '../../support/wire-reading.ts'

const CHUNKED = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
const NEXT = 'GET /next HTTP/1.1\r\n\r\n'

/** The same, whole, byte by byte, and split at each position. */
function reading(text: string, maxHeadBytes?: number): ReturnType<typeof summary> {
  const [whole, ...others] = everySplit(bytesOf(text)).map((chunks) =>
    summary(readRequests(chunks, maxHeadBytes)),
  )
  if (whole === undefined) throw new Error('everySplit gave nothing')
  for (const other of others) expect(other).toEqual(whole)
  return whole
}

function summary({ messages, problem }: ReturnType<typeof readRequests>) {
  return { messages, problem }
}

function bodies(text: string): unknown {
  const { messages, problem } = reading(text)
  return problem ?? messages.map(({ body, isComplete }) => (isComplete ? body : 'incomplete'))
}

function headOf(text: string): ReadRequest | string | undefined {
  const { messages, problem } = reading(text)
  return messages[0]?.head ?? problem
}

function withHeader(line: string, version = '1.1'): ReadRequest | string | undefined {
  return headOf(`POST / HTTP/${version}\r\n${line}\r\n\r\n`)
}

describe('RequestReader', () => {
  it('reads method, target, version and headers as they were sent (RFC 9112 3, 5)', () => {
    const text = 'PUT /a?b HTTP/1.1\r\nhOST: \t a \xe9\t\r\nX-Empty:\r\nx-empty: \t \r\nA:b\r\n\r\n'
    expect(reading(text)).toEqual({
      messages: [
        {
          head: {
            method: 'PUT',
            target: '/a?b',
            httpVersion: '1.1',
            rawHeaders: ['hOST', 'a \xe9', 'X-Empty', '', 'x-empty', '', 'A', 'b'],
            framing: { kind: 'none' },
            connection: [],
            keepsConnection: true,
          },
          body: '',
          isComplete: true,
        },
      ],
      problem: undefined,
    })
  })

  it('reads requests that follow each other, in order (RFC 9112 9.3.2)', () => {
    const text = `POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc${CHUNKED}2\r\nde\r\n0\r\n\r\n${NEXT}`
    expect(bodies(text)).toEqual(['abc', 'de', ''])
  })

  it('ignores two empty lines before a request, and no more (RFC 9112 2.2)', () => {
    expect(bodies(`\r\n\r\n${NEXT}\r\n\r\n${NEXT}`)).toEqual(['', ''])
    expect(bodies(`\r\n\r\n\r\n${NEXT}`)).toBe('syntax')
    expect(bodies(`\r${NEXT}`)).toBe('syntax')
    expect(bodies(`\n${NEXT}`)).toBe('syntax')
  })

  it.each(['/', '//a', '/a?b#c', 'http://a', 'HTTPS://a.example:443/b', 'http://[::1]:80?a', '*'])(
    'accepts the target %s (RFC 9112 3.2)',
    (target) => {
      expect(headOf(`OPTIONS ${target} HTTP/1.1\r\n\r\n`)).toMatchObject({ target })
    },
  )

  it.each([
    'a',
    '*a',
    'a:443',
    'ftp://a/',
    'http:/a',
    'http:///',
    'http://a@b/',
    'http://a|b/',
    '/\x80',
    '/\x7f',
  ])('refuses the target %j (RFC 9112 3.2, RFC 9110 4.2.4)', (target) => {
    expect(headOf(`GET ${target} HTTP/1.1\r\n\r\n`)).toBe('syntax')
  })

  it('accepts authority-form for CONNECT only (RFC 9112 3.2.3)', () => {
    expect(headOf('CONNECT [::1]:443 HTTP/1.1\r\n\r\n')).toMatchObject({ target: '[::1]:443' })
    for (const target of ['a', 'a@b:1', '/', 'http://a:1/', 'a:', 'a|b:1'])
      expect(headOf(`CONNECT ${target} HTTP/1.1\r\n\r\n`)).toBe('syntax')
  })

  it.each([
    'GET / HTTP/2.0',
    'GET / HTTP/0.9',
    'GET / HTTP/1.2',
    'GET / http/1.1',
    'GET /',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET\t/ HTTP/1.1',
    ' GET / HTTP/1.1',
    'GET / HTTP/1.1 ',
    'GET / / HTTP/1.1',
    'get / HTTP/1.1',
    'BREW / HTTP/1.1',
    'PRI * HTTP/2.0',
  ])('refuses the request line %j (RFC 9112 2.3, 3)', (line) => {
    expect(headOf(`${line}\r\n\r\n`)).toBe('syntax')
  })

  it('accepts every method that Node knows (RFC 9110 9.1)', () => {
    for (const method of METHODS) {
      const target = method === 'CONNECT' ? 'a:1' : '/'
      expect(headOf(`${method} ${target} HTTP/1.1\r\n\r\n`)).toMatchObject({ method })
    }
  })

  it.each([
    'A : b',
    ' A: b',
    '\tA: b',
    'A',
    ': b',
    'A\x80: b',
    'A(: b',
    'A: \0',
    'A: \x7f',
    'A: b\rc',
    'A: b\nC: d',
    'A: b\r\n c: d',
    'A: b\r\n\tc',
    'A: b\r\r\nC: d',
  ])('refuses the header %j (RFC 9112 2.2, 5.1, 5.2, RFC 9110 5.5)', (line) => {
    expect(withHeader(line)).toBe('syntax')
  })

  it.each([
    ['Content-Length: 0', { kind: 'none' }],
    ['content-length: \t 012 \t', { kind: 'length', bytes: 12 }],
    ['Content-Length: 999999999999999', { kind: 'length', bytes: 999_999_999_999_999 }],
    ['Transfer-Encoding: chunked', { kind: 'chunked' }],
    ['TRANSFER-ENCODING:\tChunked ', { kind: 'chunked' }],
    ['A: b', { kind: 'none' }],
    ['Transfer-Encoding: chunked\t', undefined],
    ['Transfer-Encoding: gzip, chunked', undefined],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', undefined],
    ['Transfer-Encoding: identity', undefined],
    ['Transfer-Encoding: \xa0chunked', undefined],
  ])('finds where the body ends: %j (RFC 9112 6.1, 6.3)', (line, framing) => {
    expect(withHeader(line)).toMatchObject({ framing })
  })

  it.each([
    'Content-Length: 1, 1',
    'Content-Length: 1\r\nContent-Length: 1',
    'Content-Length: +1',
    'Content-Length: 0x1',
    'Content-Length: ',
    'Content-Length: 1 1',
    'Content-Length: 1000000000000000',
    'Content-Length: 1\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: gzip\r\nContent-Length: 1',
    'Transfer-Encoding: \t',
  ])('reads nothing behind contradictory framing: %j (RFC 9112 6.3)', (line) => {
    const { messages, problem } = reading(`POST / HTTP/1.1\r\n${line}\r\n\r\n${NEXT}`)
    expect(messages).toMatchObject([{ head: { framing: undefined }, isComplete: false }])
    expect(problem).toBe('body')
  })

  it('knows no transfer coding in HTTP/1.0 (RFC 9112 6.1)', () => {
    expect(withHeader('Transfer-Encoding: chunked', '1.0')).toMatchObject({ framing: undefined })
  })

  it.each([
    ['1.1', 'A: b', true],
    ['1.1', 'Connection: x, CLOSE', false],
    ['1.1', 'Connection: x\r\nconnection: \t close \t', false],
    ['1.1', 'Connection: \xa0close', true],
    ['1.1', 'Proxy-Connection: keep-alive, close', false],
    ['1.1', 'X-Another-Header: close', true],
    ['1.0', 'A: b', false],
    ['1.0', 'Connection: Keep-Alive', true],
    ['1.0', 'Connection: keep-alive, close', false],
    ['1.0', 'Proxy-Connection: keep-alive', false],
  ])(
    'keeps, for HTTP/%s with %j, its connection: %s (RFC 9112 9.3, C.2.2)',
    (version, line, keeps) => {
      expect(withHeader(line, version)).toMatchObject({ keepsConnection: keeps })
    },
  )

  it('lists what Connection names, in lower case (RFC 9110 7.6.1)', () => {
    const head = withHeader('Connection: X-A ,\tTE\r\nConnection: upgrade')
    expect(head).toMatchObject({ connection: ['x-a', 'te', 'upgrade'] })
  })

  it('takes a head of the longest length, and none that is longer', () => {
    const head = 'GET / HTTP/1.1\r\nA: b\r\n\r\n'
    expect(reading(head, head.length).problem).toBeUndefined()
    expect(reading(head, head.length - 1).problem).toBe('head-too-large')
    expect(reading(`${head.slice(0, -4)}${'b'.repeat(99)}`, 40).problem).toBe('head-too-large')
  })

  it('prefers the problem that comes first, however the head is split', () => {
    const endless = 'x'.repeat(60)
    expect(reading(`BAD\r\nA: ${endless}`, 40).problem).toBe('syntax')
    expect(reading(`GET / HTTP/1.1\r\n\0: ${endless}`, 40).problem).toBe('syntax')
    expect(reading(`GET / HTTP/1.1\r\nA: ${endless}\0`, 40).problem).toBe('head-too-large')
  })

  it('refuses as soon as it can what is another protocol (RFC 9112 3)', () => {
    expect(reading('\x16\x03\x01').problem).toBe('syntax')
    expect(reading('SSH-2.0-x\r\n').problem).toBe('syntax')
    expect(reading('GET / HTTP/1.1\n').problem).toBe('syntax')
    expect(reading('GET /a/longer/one HTTP/1.1\r\n\r\nBAD\r\n').problem).toBe('syntax')
    expect(reading('GET / HTTP/1.1\r\nA: b\n').problem).toBe('syntax')
  })

  it('says the same again after a problem, whatever else comes', () => {
    const reader = new RequestReader(100)
    reader.bytes.append(bytesOf('BAD\r\n\r\n'))
    const first = reader.next()
    reader.bytes.append(bytesOf(NEXT))
    expect(first).toEqual({ kind: 'invalid', problem: 'syntax' })
    expect(reader.next()).toBe(first)
  })

  it('hands over what follows, of another protocol (RFC 9110 7.8)', () => {
    const reader = new RequestReader(1000)
    reader.bytes.append(bytesOf('GET / HTTP/1.1\r\nUpgrade: x\r\n\r\nab'))
    expect([reader.next()?.kind, reader.next()?.kind, reader.bytes.length]).toEqual([
      'head',
      'end',
      2,
    ])
    expect(reader.bytes.take().toString()).toBe('ab')
    expect([reader.bytes.length, reader.bytes.take().length]).toEqual([0, 0])
  })
})
