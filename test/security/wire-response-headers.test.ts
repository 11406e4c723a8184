/**
 * Headers of responses, and interim responses, as HTTP implementations differ about them: what one of
 * them accepts and another does not must not make an app unreachable.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, type Target } from '../support/attack.ts'
import { readResponse } from '../support/raw-response.ts'
import { kinds, ok, requestOf, startScripted } from '../support/scripted-app.ts'

describe.each(kinds)('the response to %s', (kind) => {
  const exchange = async (target: Target) => readResponse(await target.raw(requestOf(kind, target)))
  const twice = async (target: Target) => [await exchange(target), await exchange(target)]

  // RFC 9110 15.2: a client that did not ask for it may lose the final response.
  it.each([
    ['100', ['100 Continue']],
    ['102', ['102 Processing']],
    ['103', ['103 Early Hints']],
    ['several', ['100 Continue', '103 Early Hints', '102 Processing', '103 Early Hints']],
  ])('passes on no interim response: %s', async (_what, lines) => {
    const { target, app } = await startScripted(async (socket) => {
      for (const line of lines) {
        socket.write(`HTTP/1.1 ${line}\r\nLink: </early>\r\n\r\n`)
        await new Promise(setImmediate)
      }
      socket.write(ok('final'))
    })
    for (const response of await twice(target)) {
      expect(response).toMatchObject({ status: 200, body: 'final' })
      expect(response.head).not.toContain('early')
    }
    expect(app.connectionsEver).toBe(1)
  })

  it.each(['HTTP/1.1 200', 'HTTP/1.1 200 '])('may have no reason phrase: %j', async (line) => {
    const { target, app } = await startScripted([ok('hello').replace('HTTP/1.1 200 OK', line)])
    for (const response of await twice(target))
      expect(response).toMatchObject({ status: 200, body: 'hello' })
    expect(app.connectionsEver).toBe(1)
  })

  it('keeps the bytes of its header values', async () => {
    const { target } = await startScripted([ok('hello', 'X-A: caf\xe9', 'X-B: a\tb', 'X-C:')])
    const { head } = await exchange(target)
    expect(head).toMatch(/^x-a: caf\xe9\r$/im)
    expect(head).toMatch(/^x-b: a\tb\r$/im)
    expect(head).toMatch(/^x-c: ?\r$/im)
  })

  describe.each([
    ['many headers', (bytes: number) => Array<string>(bytes / 1024).fill(cookie(1024))],
    ['one header', (bytes: number) => [cookie(bytes)]],
  ])('with %s', (_what, headersOf) => {
    it.each([
      ['22 KiB', 22, {}, 200],
      ['22 KiB beyond a limit of 16 KiB', 22, { maxResponseHeaderSize: '16KiB' }, 502],
      ['66 KiB', 66, {}, 502],
      ['66 KiB within a limit of 128 KiB', 66, { maxResponseHeaderSize: '128KiB' }, 200],
    ])('is forwarded or becomes a 502 by its size: %s', async (_size, kib, upstream, status) => {
      const headers = headersOf(kib * 1024)
      const { target } = await startScripted([ok('hello', ...headers)], { upstream })
      const response = await exchange(target)
      expect(response.status).toBe(status)
      const passed = response.head.match(/^set-cookie: .*\r\n/gim) ?? []
      expect(passed.join('')).toHaveLength(status === 200 ? kib * 1024 : 0)
      expect(target.reasons()[0]).toMatch(status === 200 ? 'none' : /^upstream_/)
    })
  })
})

function cookie(bytes: number): string {
  return `Set-Cookie: c=`.padEnd(bytes - 2, 'x')
}

it('sends one 100 if the client expects it and the app sends another', async () => {
  const { target } = await startScripted([`HTTP/1.1 100 Continue\r\n\r\n${ok('final')}`])
  const headers = ['Expect: 100-continue', 'Content-Length: 2', 'Connection: close']
  const text = await target.raw(callBytes('hi', headers, 'POST /x HTTP/1.1'))
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
  expect(text).toMatch(/\r\n\r\nfinal$/)
})
