/**
 * Responses of apps as HTTP implementations differ about them (threat D18): what follows the end of a
 * response must never reach another client, and a response that is cut short must never look complete:
 *
 *   HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n …
 */
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'

import { callBytes, type Target } from '../support/attack.ts'
import { openClient, readResponse } from '../support/raw-response.ts'
import { keptRequestOf, kinds, ok, requestOf, startScripted } from '../support/scripted-app.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const refused = { status: 502, reasons: [expect.stringMatching(/^upstream_/)] }

describe.each(kinds)('the response to %s', (kind) => {
  const exchange = async (target: Target) => readResponse(await target.raw(requestOf(kind, target)))
  const twice = async (target: Target) => [await exchange(target), await exchange(target)]

  // RFC 9112 6.3: the message ends there, so the rest belongs to no request.
  it.each([
    ['other bytes', 'surplus'],
    ['another response', ok('forged')],
  ])('ends at its length when %s follow in one packet', async (_what, surplus) => {
    const { target, app } = await startScripted([ok('hello') + surplus, ok('second')])
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'hello' })
    await expect.poll(() => app.sockets).toEqual([])
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'second' })
    expect(app.connectionsEver).toBe(2)
    expect(target.reasons()).toEqual(['none', 'none'])
  })

  it.each([
    ['other bytes', 'surplus'],
    ['a response', ok('forged')],
  ])('is not %s that came while its connection was idle', async (_what, surplus) => {
    const { target, app } = await startScripted([ok('hello'), ok('second')])
    expect(await exchange(target)).toMatchObject({ body: 'hello' })
    app.sockets[0]?.write(surplus)
    await expect.poll(() => app.sockets).toEqual([])
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'second' })
    expect(target.reasons()).toEqual(['none', 'none'])
  })

  it('is a 502 when other bytes precede it on a reused connection', async () => {
    const { target, app } = await startScripted([ok('hello'), `surplus${ok('second')}`])
    await exchange(target)
    expect((await exchange(target)).status).toBe(502)
    expect(app.seen).toHaveLength(2)
    expect(target.reasons()[1]).toMatch(/^upstream_/)
  })

  // RFC 9110 8.6 and RFC 9112 6.3, 1.
  it.each([
    ['a length of 0', 'Content-Length: 0\r\n\r\n'],
    ['a length and a body', 'Content-Length: 2\r\n\r\nok'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])('ends with its headers and announces no body with 204 and %s', async (_what, after) => {
    const { target } = await startScripted([`HTTP/1.1 204 None\r\n${after}`, ok('second')])
    const response = await exchange(target)
    expect(response).toMatchObject({ status: 204, rest: '' })
    expect(response.head).not.toMatch(/^(?:content-length|transfer-encoding):/im)
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'second' })
    expect(target.reasons()).toEqual(['none', 'none'])
  })

  it.each([
    ['a length', 'Content-Length: 5', /^content-length: 5\r$/im],
    ['chunks', 'Transfer-Encoding: chunked', /^etag: "a"\r$/im],
  ])('ends with its headers with 304 and %s', async (_what, framing, expected) => {
    const bytes = `HTTP/1.1 304 Not Modified\r\n${framing}\r\nETag: "a"\r\n\r\n`
    const { target, app } = await startScripted([bytes, ok('second')])
    const response = await exchange(target)
    expect(response).toMatchObject({ status: 304, rest: '' })
    expect(response.head).toMatch(expected)
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'second' })
    expect(app.connectionsEver).toBe(1)
  })

  it.each([
    ['compressed by its transfer encoding', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['in an unknown transfer encoding', 'Transfer-Encoding: gzip\r\n\r\nhello'],
    ['with a folded header', 'X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello'],
    ['with a header that ends in a bare LF', 'X-A: b\nContent-Length: 5\r\n\r\nhello'],
    ['with an end that is a bare LF', 'Content-Length: 5\r\n\nhello'],
    ['with bare LFs only', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
    ['without a status line', 'hello\r\n\r\n'],
  ])('%s is a 502', async (_what, after) => {
    const line = /^(?:HTTP|hello)/.test(after) ? '' : 'HTTP/1.1 200 OK\r\n'
    const { target, app } = await startScripted([line + after, ok('second')])
    const response = await exchange(target)
    expect(response.rest).not.toContain('hello')
    expect({ status: response.status, reasons: target.reasons() }).toEqual(refused)
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'second' })
    expect(app.connectionsEver).toBe(2)
  })

  // RFC 9112 7.1.
  it('may have chunk extensions and leading zeros in chunk sizes', async () => {
    const chunks = '0005;a=b;c="d e"\r\nhello\r\n0A\r\n0123456789\r\n0000;e=f\r\n\r\n'
    const { target, app } = await startScripted([
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    ])
    for (const response of await twice(target)) {
      expect(response).toMatchObject({ status: 200, body: 'hello0123456789' })
      expect(response.rest).not.toMatch(/[;="]/)
    }
    expect(app.connectionsEver).toBe(1)
  })

  it('loses its trailers and what announces them', async () => {
    const bytes = [
      'Transfer-Encoding: chunked',
      'Trailer: X-Late',
      '',
      '5',
      'hello',
      '0',
      'X-Late: 1',
    ]
    const { target, app } = await startScripted([
      `HTTP/1.1 200 OK\r\n${bytes.join('\r\n')}\r\n\r\n`,
    ])
    for (const response of await twice(target)) {
      expect(response).toMatchObject({ status: 200, body: 'hello' })
      expect(response.head + response.rest).not.toMatch(/x-late|trailer/i)
    }
    expect(app.connectionsEver).toBe(1)
  })

  it.each(['hello', ''])('becomes chunks if it ends with its connection: %j', async (body) => {
    const { target } = await startScripted((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`)
    })
    const client = await openClient(target.gateway.port)
    client.socket.write(keptRequestOf(kind, target))
    await expect.poll(() => client.text()).toMatch(/\r\n0\r\n\r\n$/)
    const first = client.text()
    expect(readResponse(first)).toMatchObject({ status: 200, isChunked: true, body })
    client.socket.write(requestOf(kind, target))
    await expect.poll(() => client.isEnded()).toBe(true)
    const second = client.text().slice(first.length)
    expect(readResponse(second)).toMatchObject({ status: 200, isChunked: true, body })
    client.socket.destroy()
  })

  it.each([
    ['that ends with its connection', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ])('%s ends with the connection for an HTTP/1.0 client', async (_what, bytes) => {
    const { target } = await startScripted((socket) => socket.end(bytes))
    const request = requestOf(kind, target).replace('HTTP/1.1', 'HTTP/1.0')
    const response = readResponse(await target.raw(request))
    expect(response).toMatchObject({ status: 200, isChunked: false, rest: 'hello' })
    expect(response.head).not.toMatch(/^(?:content-length|transfer-encoding):/im)
  })

  it.each([
    ['Connection: close', ok('hello', 'Connection: close')],
    ['HTTP/1.0', ok('hello').replace('HTTP/1.1', 'HTTP/1.0')],
  ])('ends at its length with %s, and the gateway closes', async (_what, bytes) => {
    const { target, app } = await startScripted([bytes, ok('second')])
    const client = await openClient(target.gateway.port)
    client.socket.write(keptRequestOf(kind, target))
    await expect.poll(() => client.text()).toMatch(/\r\n\r\nhello$/)
    // It is about the app's connection, not the client's.
    expect(client.text()).not.toMatch(/^connection: close/im)
    expect(client.isEnded()).toBe(false)
    await expect.poll(() => app.sockets).toEqual([])
    expect(await exchange(target)).toMatchObject({ status: 200, body: 'second' })
    expect(app.connectionsEver).toBe(2)
    client.socket.destroy()
  })

  it('is read like any other if it is HTTP/1.0 with keep-alive', async () => {
    const bytes = ok('hello', 'Connection: keep-alive').replace('HTTP/1.1', 'HTTP/1.0')
    const { target } = await startScripted([bytes])
    for (const response of await twice(target))
      expect(response).toMatchObject({ status: 200, body: 'hello' })
    expect(target.reasons()).toEqual(['none', 'none'])
  })
})

describe('the response to a HEAD request', () => {
  it.each([
    ['a length', 'Content-Length: 5\r\n', /^content-length: 5\r$/im],
    ['chunks', 'Transfer-Encoding: chunked\r\n', /^HTTP\/1\.1 200/],
    ['no framing', '', /^HTTP\/1\.1 200/],
  ])('has no body with %s, and its connection is reused', async (_what, framing, expected) => {
    const { target, app } = await startScripted([`HTTP/1.1 200 OK\r\n${framing}\r\n`])
    for (const path of ['/x', '/y']) {
      const request = callBytes('', ['Connection: close'], `HEAD ${path} HTTP/1.1`)
      const response = readResponse(await target.raw(request))
      expect(response).toMatchObject({ status: 200, rest: '' })
      expect(response.head).toMatch(expected)
    }
    expect(app.connectionsEver).toBe(1)
  })
})

it('gives a client of node:http responses without a body on one connection', async () => {
  const { target } = await startScripted((socket, { line }) => {
    const status = line.startsWith('HEAD') ? '200 OK' : line.slice('GET /'.length).split(' ', 1)[0]
    const body = status === '200' ? 'hello' : ''
    socket.write(`HTTP/1.1 ${String(status)} X\r\nContent-Length: 5\r\n\r\n${body}`)
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  stops.push(() => {
    agent.destroy()
  })
  const ports = new Set<number | undefined>()
  const exchange = async (method: string, path: string) => {
    const request = httpRequest({ port: target.gateway.port, method, path, agent }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    ports.add(response.socket.localPort)
    let body = ''
    for await (const part of response.setEncoding('latin1')) body += String(part)
    return [response.statusCode, body]
  }
  expect(await exchange('HEAD', '/200')).toEqual([200, ''])
  expect(await exchange('GET', '/204')).toEqual([204, ''])
  expect(await exchange('GET', '/304')).toEqual([304, ''])
  expect(await exchange('GET', '/200')).toEqual([200, 'hello'])
  expect(ports.size).toBe(1)
})
