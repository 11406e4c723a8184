/**
 * The way back (threat D18): what the app answers with may hold fields for the next hop only, and
 * what the gateway adds may change its meaning for Inngest:
 *
 *   HTTP/1.1 206 …\r\nConnection: close, X-Internal\r\nX-Internal: secret\r\nKeep-Alive: timeout=5\r\n
 */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const get = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const handshake = get.replace('close', 'Upgrade\r\nUpgrade: websocket')

/** @returns the gateway's answer to a signed call, or to a passthrough request, that the app answers so. */
async function answered(policy: string, bytes: string, request = get): Promise<string> {
  const app = net.createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(bytes, 'latin1'))
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  stops.push(() => app.close())
  const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
  const keys = policy === 'inngest' ? { signingKeys: [{ env: 'PRIMARY' }] } : {}
  const target = await startTarget({ routes: [{ name: 'app', policy, upstream, ...keys }] })
  return target.raw(policy === 'inngest' ? signedCall(target) : request)
}

describe.each([
  ['to a call', 'inngest', ''],
  ['on a passthrough route', 'passthrough', get],
  ['to a WebSocket that the app does not take', 'passthrough', handshake],
])('the answer %s', (_, policy, request) => {
  it('loses what is for one hop, and keeps the rest, Inngest fields and all', async () => {
    const answer = await answered(
      policy,
      [
        'HTTP/1.1 206 Partial',
        'Connection: X-Internal, close, Content-Length, Content-Type, Location',
        'X-Internal: secret',
        'Content-Type: text/own',
        'Location: /there',
        'Keep-Alive: timeout=999',
        'Proxy-Authenticate: Basic',
        'Trailer: X-Late',
        'Upgrade: h2c',
        'X-Inngest-SDK: js:v4',
        'x-inngest-no-retry: true',
        'Retry-After: 7',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
        '__proto__: x',
        'Content-Length: 2',
      ].join('\r\n') + '\r\n\r\nok',
      request,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 206 /)
    expect(answer).not.toMatch(/x-internal|secret|999|basic|trailer|h2c/i)
    const kept = ['x-inngest-sdk: js:v4', 'x-inngest-no-retry: true', 'retry-after: 7']
    const neededToRead = ['content-length: 2', 'content-type: text/own', 'location: /there']
    for (const field of [...kept, ...neededToRead]) {
      expect(answer.toLowerCase()).toContain(field)
    }
    expect(answer.match(/set-cookie: /gi)).toHaveLength(2)
    expect(answer).toMatch(/\r\n\r\nok$/)
  })

  it('passes interim answers by and drops trailers', async () => {
    const answer = await answered(
      policy,
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n',
      request,
    )
    expect(answer).toMatch(/HTTP\/1\.1 201 Created/)
    expect(answer).not.toMatch(/x-late/i)
  })
})

describe('the answer that takes a WebSocket', () => {
  it('loses what is for one hop but the switch itself', async () => {
    const answer = await answered(
      'passthrough',
      [
        'HTTP/1.1 101 Switching Protocols',
        'Connection: Upgrade, X-Internal',
        'Upgrade: websocket',
        'X-Internal: secret',
        'Keep-Alive: timeout=999',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
        'Sec-WebSocket-Accept: abc=',
      ].join('\r\n') + '\r\n\r\nframe',
      handshake,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\nframe$/s)
    expect(answer).not.toMatch(/x-internal|secret|999/i)
    expect(answer).toMatch(/\r\nconnection: upgrade\r\n/i)
    expect(answer).toMatch(/\r\nsec-websocket-accept: abc=\r\n/i)
    expect(answer.match(/set-cookie: /gi)).toHaveLength(2)
  })
})
