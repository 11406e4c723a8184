import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import type { ClientResponse } from '../../../gateway/accept/client-response.ts'
import type { Framing } from '../../../gateway/wire/framing.ts'
import { respond, startClientSide } from '../../support/client-side.ts'
import { open, sendRaw } from '../../support/raw.ts'

const HI = Buffer.from('hi')
const LENGTH: Framing = { kind: 'length', bytes: 2 }

const lineOf = (method: string, version: string, ...headers: readonly string[]) =>
  `${[`${method} / HTTP/${version}`, 'Host: a', ...headers].join('\r\n')}\r\n\r\n`

/** What the client gets, with the head's lines in lower case, without its Date. */
async function sentFor(request: string, write: (response: ClientResponse) => void) {
  const { port } = await startClientSide((_, response) => {
    write(response)
  })
  const text = await sendRaw(port, request, { waitMs: 200 })
  const end = text.indexOf('\r\n\r\n')
  const lines = text.slice(0, end).toLowerCase().split('\r\n')
  return { lines, body: text.slice(end + 4), text }
}

const sending =
  (status: number, headers: readonly string[], framing: Framing, ...pieces: readonly Buffer[]) =>
  (response: ClientResponse) => {
    response.start(status, headers, framing)
    for (const piece of pieces) response.write(piece)
    response.end()
  }

describe('the framing of a response', () => {
  it.each([
    ['1.1', [], ['transfer-encoding: chunked', 'connection: keep-alive'], '2\r\nhi\r\n0\r\n\r\n'],
    ['1.1', ['Connection: close'], ['connection: close'], '2\r\nhi\r\n0\r\n\r\n'],
    // HTTP/1.0 knows no chunks, however long its client would keep the connection (RFC 9112 6.1).
    ['1.0', ['Connection: keep-alive'], ['connection: close'], 'hi'],
  ])('is, for an unknown length and HTTP/%s with %j, %j', async (version, headers, lines, body) => {
    for (const framing of [{ kind: 'chunked' }, { kind: 'until-close' }] as const) {
      const sent = await sentFor(lineOf('GET', version, ...headers), sending(200, [], framing, HI))
      expect(sent.lines).toEqual(expect.arrayContaining(lines))
      expect(sent.body).toBe(body)
      const isChunked = sent.lines.includes('transfer-encoding: chunked')
      expect(isChunked).toBe(version === '1.1')
    }
  })

  it.each([
    ['1.1', [], 'connection: keep-alive'],
    ['1.1', ['Connection: close'], 'connection: close'],
    ['1.0', [], 'connection: close'],
    ['1.0', ['Connection: keep-alive'], 'connection: keep-alive'],
  ])('has, for a known length and HTTP/%s with %j, %s', async (version, headers, line) => {
    const write = sending(200, ['Content-Length', '2'], LENGTH, HI)
    const sent = await sentFor(lineOf('GET', version, ...headers), write)
    expect([sent.lines.includes(line), sent.body]).toEqual([true, 'hi'])
    const keepAlive = sent.lines.filter((each) => each.startsWith('keep-alive'))
    expect(keepAlive).toEqual(line.endsWith('close') ? [] : ['keep-alive: timeout=20'])
  })

  it('has no body for HEAD, and the length that a GET has', async () => {
    const write = sending(200, ['Content-Length', '2'], LENGTH, HI)
    const sent = await sentFor(lineOf('HEAD', '1.1'), write)
    expect([sent.lines.includes('content-length: 2'), sent.body]).toEqual([true, ''])
    const chunked = await sentFor(lineOf('HEAD', '1.1'), sending(200, [], { kind: 'chunked' }, HI))
    expect(chunked.body).toBe('')
  })

  it.each([204, 304])('has neither body nor framing for a %i', async (status) => {
    const sent = await sentFor(lineOf('GET', '1.1'), sending(status, [], { kind: 'none' }))
    expect(sent.body).toBe('')
    expect(sent.lines.join()).not.toMatch(/content-length|transfer-encoding/)
    expect(sent.lines).toContain('connection: keep-alive')
  })

  it('chunks each piece, and no empty one, which would be the last', async () => {
    const pieces = [HI, Buffer.alloc(0), Buffer.alloc(20_000, 'x')]
    const sent = await sentFor(
      lineOf('GET', '1.1'),
      sending(200, [], { kind: 'chunked' }, ...pieces),
    )
    expect(sent.body).toBe(`2\r\nhi\r\n4e20\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`)
  })
})

describe('the head of a response', () => {
  it('is held back until the first of the body, so that a fault can still replace it', async () => {
    const sent = await sentFor(lineOf('GET', '1.1', 'Connection: close'), (response) => {
      response.start(200, ['A', 'first'], LENGTH)
      expect(response.isStarted).toBe(false)
      respond(response, 'no', 502)
      expect(response.isStarted).toBe(true)
    })
    expect(sent.lines[0]).toBe('http/1.1 502 bad gateway')
    expect(sent.text).not.toContain('first')
  })

  it('leaves by a flush', async () => {
    const sent = await sentFor(lineOf('GET', '1.1'), (response) => {
      response.start(200, ['A', 'first'], { kind: 'chunked' })
      response.flush()
      expect(response.isStarted).toBe(true)
    })
    expect(sent.lines).toContain('a: first')
    expect(sent.body).toBe('')
  })

  it('has one Date: that of the app if it has one', async () => {
    const own = await sentFor(lineOf('GET', '1.1'), sending(204, [], { kind: 'none' }))
    expect(own.text.match(/^Date: /gm)).toHaveLength(1)
    const app = sending(204, ['DATE', 'Thu, 01 Jan 1970 00:00:00 GMT'], { kind: 'none' })
    const kept = await sentFor(lineOf('GET', '1.1'), app)
    expect(kept.lines.filter((line) => line.startsWith('date:'))).toEqual([
      'date: thu, 01 jan 1970 00:00:00 gmt',
    ])
  })
})

describe('a response that is cut', () => {
  async function endOf(version: string, framing: Framing) {
    const { port } = await startClientSide((_, response) => {
      response.start(200, framing.kind === 'length' ? ['Content-Length', '9'] : [], framing)
      response.write(HI)
      setTimeout(() => {
        response.cut()
      }, 20)
    })
    const socket: Socket = await open(port)
    let text = ''
    const errors: (string | undefined)[] = []
    socket.on('error', ({ code }: NodeJS.ErrnoException) => errors.push(code))
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(lineOf('GET', version))
    await closed
    return { body: text.slice(text.indexOf('\r\n\r\n') + 4), errors }
  }

  it.each([
    ['1.1', { kind: 'length', bytes: 9 }, 'hi', []],
    ['1.1', { kind: 'chunked' }, '2\r\nhi\r\n', []],
    // The end of the connection would be the end of the body.
    ['1.0', { kind: 'until-close' }, 'hi', ['ECONNRESET']],
  ] as const)('does not look complete: HTTP/%s, %j', async (version, framing, body, errors) => {
    expect(await endOf(version, framing)).toEqual({ body, errors })
  })
})

it('reports that its client takes no more, and when it does again', async () => {
  const held = Promise.withResolvers<ClientResponse>()
  const { port } = await startClientSide((_, response) => {
    held.resolve(response)
  })
  const socket = await open(port)
  socket.pause()
  socket.write(lineOf('GET', '1.1'))
  const response = await held.promise
  response.start(200, [], { kind: 'chunked' })
  const piece = Buffer.alloc(65_536)
  while (response.waitingBytes === 0) {
    response.write(piece)
    response.flush()
  }
  expect(response.write(piece)).toBe(false)
  const drained = new Promise<void>((resolve) => {
    response.watcher = { onResponseDrain: resolve, onResponseClosed: () => undefined }
  })
  response.flush()
  socket.resume()
  await drained
  socket.destroy()
})
