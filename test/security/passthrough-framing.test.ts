/**
 * Smuggling over a passthrough route (threats D3, D16; the class of CVE-2022-32215): what streams through
 * unverified is framed anew for the app. If a proxy loses the framing on the way, a body becomes a
 * request that nobody checked, so every method is tried with both framings.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const smuggled =
  'GET /nothing HTTP/1.1\r\nHost: app.example.com\r\nX-Inner: a\r\nContent-Length: 0\r\n\r\n'

const startOpen = () =>
  startTarget((upstream) => ({
    routes: [
      { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'app', policy: 'passthrough', upstream },
    ],
  }))

const chunks = `${smuggled.length.toString(16)};a=b\r\n${smuggled}\r\n0\r\nX-Late: 1\r\n\r\n`
const framings: [string, string][] = [
  ['Transfer-Encoding: chunked', chunks],
  [`Content-Length: ${String(smuggled.length)}`, smuggled],
]
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY']

describe('a request within a passthrough request', () => {
  it.each(methods.flatMap((method) => framings.map(([field, wire]) => ({ method, field, wire }))))(
    'stays the body of a $method with $field',
    async ({ method, field, wire }) => {
      const target = await startOpen()
      const bytes = callBytes(wire, [field, 'Connection: close'], `${method} /x HTTP/1.1`)
      expect(statusOf(await target.raw(bytes))).toBe(200)
      expect(target.upstream.seen.map(({ line }) => line)).toEqual([`${method} /x HTTP/1.1`])
      expect(target.upstream.seen[0]?.body).toBe(smuggled)
      expect(target.upstream.bytes()).not.toMatch(/x-late|a=b/i)
    },
  )

  it.each(methods)('does not come of a %s without a body', async (method) => {
    const target = await startOpen()
    const first = callBytes('', [], `${method} /x HTTP/1.1`)
    await target.raw([first, first.replace('Host', 'Connection: close\r\nHost')])
    const lines = target.upstream.seen.map(({ line, body }) => [line, body])
    expect(lines).toEqual([
      [`${method} /x HTTP/1.1`, ''],
      [`${method} /x HTTP/1.1`, ''],
    ])
  })
})

/**
 * The same the other way round: if the handshake announces a body that never comes, an app that knows no
 * WebSockets could take the next client's request for that body.
 */
describe('a WebSocket handshake that announces a body', () => {
  it.each(['Content-Length: 600', 'Transfer-Encoding: chunked'])(
    'is refused by %s, and the next request gets a response',
    async (framing) => {
      const seen: IncomingMessage[] = []
      const app = createServer((request, response) => {
        seen.push(request)
        response.end('hello')
      }).listen(0, '127.0.0.1')
      await once(app, 'listening')
      stops.push(() => {
        app.close()
        app.closeAllConnections()
      })
      const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
      const target = await startTarget({
        routes: [{ name: 'app', policy: 'passthrough', upstream }],
      })
      const upgrading = ['Connection: Upgrade', 'Upgrade: websocket']
      const bytes = callBytes('', [...upgrading, framing], 'GET /x HTTP/1.1')
      expect(statusOf(await target.raw(bytes))).toBe(400)
      expect(target.reasons()).toEqual(['upgrade_not_allowed'])
      expect(seen).toEqual([])
      const plain = callBytes('', upgrading, 'GET /x HTTP/1.1')
      expect(statusOf(await target.raw(plain))).toBe(200)
      const next = callBytes('', ['Connection: close'], 'GET /next HTTP/1.1')
      expect(await target.raw(next)).toContain('hello')
      expect(seen.map(({ url }) => url)).toEqual(['/x', '/next'])
    },
  )
})

describe('a passthrough request that cannot be read', () => {
  it('is refused immediately, though it came in one packet with its headers', async () => {
    const target = await startOpen()
    const broken = callBytes('zz\r\n', ['Transfer-Encoding: chunked'], 'POST /x HTTP/1.1')
    expect(statusOf(await target.raw(broken))).toBe(400)
    expect(target.reasons()).toEqual(['downstream_invalid'])
  })

  it('gets a response behind its end', async () => {
    const target = await startOpen()
    const socket = await open(target.gateway.port)
    socket.write(callBytes('\x01\x02\r\n\r\n', [], 'GET /x HTTP/1.1'))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusOf(answer.toString('latin1'))).toBe(200)
    socket.destroy()
  })
})

it.each(['1.0', '1.1'])(
  'Expect in HTTP/%s is answered where there is such an answer',
  async (version) => {
    const target = await startOpen()
    const body = freshBody()
    const length = `Content-Length: ${String(body.length)}`
    const fields = ['Expect: 100-continue', 'Connection: close', length]
    for (const path of ['/x', '/api/inngest']) {
      const bytes = callBytes(
        body,
        [...fields, `X-Inngest-Signature: ${target.sign(body)}`],
        `POST ${path} HTTP/${version}`,
      )
      expect(statusOf(await target.raw(bytes))).toBe(version === '1.1' ? 100 : 200)
    }
  },
)
