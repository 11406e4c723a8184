/**
 * Requests as clients and proxies really write them (threats D3, D6, D13), on both kinds of routes: each is
 * read in one way only, and what the app gets is written by the gateway.
 */
import path from 'node:path'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget, type Target } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'
import { clientOn, openClient } from '../support/raw-response.ts'
import {
  bothRoutes,
  keptRequestOf,
  kinds,
  ok,
  requestOf,
  startScripted,
} from '../support/scripted-app.ts'

const startOpen = () => startTarget((upstream) => ({ routes: bothRoutes(upstream) }))

const refused = { status: 400, reasons: ['request_unparsable'], bytes: '' }

async function refusalOf(target: Target, bytes: string) {
  const status = statusOf(await target.raw(bytes))
  return { status, reasons: target.reasons(), bytes: target.upstream.bytes() }
}

const slowly = (body: string) => (socket: { write(bytes: string): unknown }) =>
  setTimeout(() => socket.write(ok(body)), 200)

describe.each(kinds)('%s', (kind) => {
  // RFC 9112 9.6: a client may close its side only.
  it('gets its response after the client has closed its side', async () => {
    const ends: unknown[] = []
    const { target, app } = await startScripted((socket) => {
      socket.once('end', () => ends.push('the app was closed to'))
      setTimeout(() => {
        ends.push('the app responded')
        socket.write(ok('late'))
      }, 200)
    })
    const client = await openClient(target.gateway.port)
    client.socket.end(keptRequestOf(kind, target))
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nlate$/s)
    expect(app.seen).toHaveLength(1)
    expect(ends[0]).toBe('the app responded')
    expect(target.reasons()).toEqual(['none'])
  })

  it('gets its response after the client has closed its side of TLS', async () => {
    const fixture = (name: string) => path.resolve('test/fixtures/tls', name)
    const tls = { certFile: fixture('cert.pem'), keyFile: fixture('key.pem') }
    const listen = { host: '127.0.0.1', port: 0, tls }
    const { target } = await startScripted(slowly('late'), { listen })
    const inner = await open(target.gateway.port, '127.0.0.1', true)
    const socket = connect({ socket: inner, rejectUnauthorized: false })
    const client = clientOn(socket.on('error', () => undefined))
    socket.end(keptRequestOf(kind, target))
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nlate$/s)
  })

  // RFC 9112 9.3.2.
  it.each([
    ['three', false],
    ['three, and the client closes its side', true],
  ])('gets its response in its turn when several come at once: %s', async (_what, closes) => {
    const { target, app } = await startScripted((socket, { fields }) =>
      socket.write(ok(`response ${String(fields['x-serial'])}`)),
    )
    const client = await openClient(target.gateway.port)
    const three = ['1', '2'].map((n) => keptRequestOf(kind, target, [`X-Serial: ${n}`]))
    client.socket.write([...three, requestOf(kind, target, ['X-Serial: 3'])].join(''))
    if (closes) client.socket.end()
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(client.text().match(/response \d/g)).toEqual(['response 1', 'response 2', 'response 3'])
    expect(app.connectionsEver).toBe(1)
    client.socket.destroy()
  })

  // RFC 9110 7.6.1.
  it('loses the headers for one connection only', async () => {
    const target = await startOpen()
    const lines = [
      'Connection: X-Hop , TE',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Proxy-Connection: keep-alive',
      'X-Kept: 1',
    ]
    expect(statusOf(await target.raw(requestOf(kind, target, lines)))).toBe(200)
    expect(target.upstream.seen[0]?.fields).toMatchObject({ 'x-kept': ['1'] })
    expect(target.upstream.bytes()).not.toMatch(/^(?:x-hop|keep-alive|te|proxy-connection):/im)
    expect(target.upstream.bytes()).not.toMatch(/x-hop/i)
  })

  it('loses its trailers and what announces them', async () => {
    const target = await startOpen()
    const body = freshBody()
    const headers = [
      'Transfer-Encoding: chunked',
      'Trailer: X-Late',
      `X-Inngest-Signature: ${target.sign(body)}`,
      'Connection: close',
    ]
    const wire = `${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Late: 1\r\n\r\n`
    const line = kind === 'a signed call' ? undefined : 'POST /x HTTP/1.1'
    expect(statusOf(await target.raw(callBytes(wire, headers, line)))).toBe(200)
    expect(target.upstream.seen.map((request) => request.body)).toEqual([body])
    expect(target.upstream.bytes()).not.toMatch(/x-late|trailer/i)
  })

  // RFC 9112 3.2.2.
  it('may name its host in the target too', async () => {
    const target = await startOpen()
    const bytes = requestOf(kind, target)
    const absolute = bytes.replace(' /', ' http://app.example.com/')
    expect(statusOf(await target.raw(absolute))).toBe(200)
    const [line] = bytes.split('\r\n')
    expect(target.upstream.seen[0]).toMatchObject({ line, fields: { host: ['app.example.com'] } })
  })

  it.each([
    'http://other.example.com',
    'http://app.example.com:81',
    'http://app.example.com@other.example.com',
    'http://user@app.example.com',
    'http://app.example.com.',
  ])('is refused when its target begins with %s', async (origin) => {
    const target = await startOpen()
    const bytes = requestOf(kind, target).replace(' /', ` ${origin}/`)
    expect(await refusalOf(target, bytes)).toMatchObject({ status: 400, bytes: '' })
  })

  // RFC 9112 2.2.
  it('may follow one empty line, on a new connection and on a used one', async () => {
    const target = await startOpen()
    const [first, second] = [keptRequestOf(kind, target), requestOf(kind, target)]
    const text = await target.raw(`\r\n${first}\r\n${second}`)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
    expect(target.upstream.seen).toHaveLength(2)
    expect(target.upstream.bytes()).toMatch(/^(?:GET|POST) /)
    expect(target.upstream.bytes()).not.toContain('\r\n\r\n\r\n')
  })

  // RFC 9112 5.1, 2.2 and 5.2.
  it.each([
    ['space before a colon', (bytes: string) => bytes.replace('Host:', 'X-A : b\r\nHost:')],
    ['a tab before a colon', (bytes: string) => bytes.replace('Host:', 'X-A\t: b\r\nHost:')],
    ['bare LFs only', (bytes: string) => bytes.replaceAll('\r\n', '\n')],
    ['a request line ending in a bare LF', (bytes: string) => bytes.replace('1.1\r\n', '1.1\n')],
    ['a header ending in a bare LF', (bytes: string) => bytes.replace('Host:', 'X-A: b\nHost:')],
    ['a bare LF as its end', (bytes: string) => bytes.replace('\r\n\r\n', '\r\n\n')],
    ['a folded header', (bytes: string) => bytes.replace('Host:', 'X-A: b\r\n c\r\nHost:')],
  ])('is refused for %s', async (_what, change) => {
    const target = await startOpen()
    expect(await refusalOf(target, change(requestOf(kind, target)))).toEqual(refused)
  })

  it('has its header values trimmed of spaces and tabs, and changed in nothing else', async () => {
    const target = await startOpen()
    const lines = ['X-A: \t v \t w \t ', 'X-B:v', 'X-C: \t ', 'X-D: caf\xe9']
    expect(statusOf(await target.raw(requestOf(kind, target, lines)))).toBe(200)
    const bytes = target.upstream.bytes()
    for (const line of [
      /^x-a: v \t w\r$/im,
      /^x-b: v\r$/im,
      /^x-c: ?\r$/im,
      /^x-d: caf\xe9\r$/im,
    ]) {
      expect(bytes).toMatch(line)
    }
  })

  it('may spell header names in any case, and keeps order and repetition', async () => {
    const target = await startOpen()
    const lines = ['x-b: 1', 'X-A: 2', 'X-B: 3', 'x-a: 4']
    const spelled = requestOf(kind, target, lines)
      .replace('Host:', 'hOST:')
      .replace('Content-Length:', 'CONTENT-length:')
      .replace('X-Inngest-Signature:', 'x-INNGEST-signature:')
    expect(statusOf(await target.raw(spelled))).toBe(200)
    const passed = target.upstream
      .bytes()
      .toLowerCase()
      .match(/^x-[ab]: \d/gm)
    expect(passed).toEqual(['x-b: 1', 'x-a: 2', 'x-b: 3', 'x-a: 4'])
  })

  // RFC 9110 7.8: an upgrade that the server does not want is ignored. These are curl's (--http2).
  it('gets a response in HTTP/1.1, without h2c, if it offers that', async () => {
    const { target, app } = await startScripted([ok('plain')])
    const offer = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    ]
    const client = await openClient(target.gateway.port)
    client.socket.write(keptRequestOf(kind, target, offer))
    await expect.poll(() => client.text()).toMatch(/\r\n\r\nplain$/)
    client.socket.write(requestOf(kind, target))
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(client.text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
    expect(client.text()).not.toMatch(/upgrade/i)
    expect(app.seen).toHaveLength(2)
    expect(Object.keys(app.seen[0]?.fields ?? {})).not.toContain('upgrade')
    expect(JSON.stringify(app.seen[0])).not.toMatch(/h2c|http2-settings|upgrade/i)
    expect(target.reasons()).toEqual(['none', 'none'])
  })
})

it('reads an upload that offers h2c as HTTP/1.1', async () => {
  const target = await startOpen()
  const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']
  const upload = callBytes('hello', [...offer, 'Content-Length: 5'], 'POST /x HTTP/1.1')
  const text = await target.raw(upload + requestOf('a plain request', target))
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
  expect(target.upstream.seen.map(({ body }) => body)).toEqual(['hello', ''])
})

describe('HTTP/1.0 on a passthrough route', () => {
  const get = 'GET /x HTTP/1.0\r\n'

  it('needs no Host, and ends with its connection', async () => {
    const { target, app } = await startScripted([ok('hello')])
    const text = await target.raw(`${get}\r\n`)
    expect(text).toMatch(/^HTTP\/1\.[01] 200 .*\r\n\r\nhello$/s)
    expect(text).not.toMatch(/^connection: keep-alive/im)
    expect(app.seen[0]?.line).toBe('GET /x HTTP/1.1')
  })

  it('keeps the connection if the client wants it and the length is known', async () => {
    const { target } = await startScripted([ok('first'), ok('second')])
    const client = await openClient(target.gateway.port)
    client.socket.write(`${get}connection: keep-alive\r\n\r\n`)
    await expect.poll(() => client.text()).toMatch(/\r\n\r\nfirst$/)
    expect(client.text()).toMatch(/^connection: keep-alive\r$/im)
    client.socket.write(`${get}\r\n`)
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(client.text()).toMatch(/\r\n\r\nsecond$/)
    client.socket.destroy()
  })

  it.each([
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ['until the end of the connection', '\r\nhello'],
  ])('ends the connection if the response came %s', async (_what, after) => {
    const { target } = await startScripted((socket) => socket.end(`HTTP/1.1 200 OK\r\n${after}`))
    const text = await target.raw(`${get}Connection: keep-alive\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.[01] 200 .*\r\n\r\nhello$/s)
    expect(text).not.toMatch(/^(?:connection: keep-alive|transfer-encoding:)/im)
  })
})

// RFC 9112 3.2.4: it is about the server, and joined to an origin it would be a path.
it('forwards no OPTIONS * to an app', async () => {
  const target = await startOpen()
  const status = statusOf(
    await target.raw(callBytes('', ['Connection: close'], 'OPTIONS * HTTP/1.1')),
  )
  expect([200, 204, 400, 404, 405]).toContain(status)
  expect(target.upstream.bytes()).toBe('')
})

// RFC 9112 6.3: without either header a request has no body.
describe('a request without a body', () => {
  it.each([
    ['GET', ['Content-Length: 0']],
    ['GET', []],
    ['POST', ['Content-Length: 0']],
    ['POST', []],
  ])('is a plain %s with %j', async (method, lines) => {
    const target = await startOpen()
    const bytes = callBytes('', [...lines, 'Connection: close'], `${method} /x HTTP/1.1`)
    expect(statusOf(await target.raw(bytes))).toBe(200)
    expect(target.upstream.seen).toMatchObject([{ line: `${method} /x HTTP/1.1`, body: '' }])
  })

  it.each([
    ['GET', 'GET /api/inngest HTTP/1.1', ['Content-Length: 0']],
    ['GET', 'GET /api/inngest HTTP/1.1', []],
    ['trust probe', 'POST /api/inngest?probe=trust HTTP/1.1', ['Content-Length: 0']],
    ['trust probe', 'POST /api/inngest?probe=trust HTTP/1.1', []],
  ])('is a signed %s: %s with %j', async (_what, line, lines) => {
    const target = await startOpen()
    const signature = `X-Inngest-Signature: ${target.sign('')}`
    const bytes = callBytes('', [...lines, signature, 'Connection: close'], line)
    expect(statusOf(await target.raw(bytes))).toBe(200)
    expect(target.upstream.seen).toMatchObject([{ line, body: '' }])
  })
})
