/**
 * Asking for a WebSocket where the app has none, and gives an ordinary answer. The connection is out
 * of the hands of Node's server by then, so nobody frames or ends that answer unless it is done here
 * (slow-reader.test.ts has the client that does not take it):
 *
 *   GET /large-file HTTP/1.1
 *   Connection: Upgrade
 *   Upgrade: websocket
 */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const LARGE_BYTES = 64_000_000

const handshake = callBytes('', ['Connection: Upgrade', 'Upgrade: websocket'], 'GET /x HTTP/1.1')

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function startBefore(app: RequestListener) {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const upstream = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return startTarget({
    routes: [{ name: 'app', policy: 'passthrough', upstream }],
  })
}

describe('an answer to a WebSocket handshake that is no upgrade', () => {
  it('comes through whole to a client that reads, and ends the connection', async () => {
    const target = await startBefore((_request, response) => {
      response.writeHead(200, { 'x-app': 'a', 'keep-alive': 'timeout=9' })
      response.write('in two ')
      response.end('parts')
    })
    const answer = await target.raw(handshake)
    expect(statusOf(answer)).toBe(200)
    expect(answer).toContain('x-app: a\r\n')
    expect(answer).toContain('Connection: close\r\n')
    expect(answer).not.toContain('timeout=9')
    // Where chunks begin means nothing (RFC 9112 7.1): Node 26 joins what is written in one turn.
    expect(answer).toMatch(/\r\n\r\n(7\r\nin two \r\n5\r\nparts|c\r\nin two parts)\r\n0\r\n\r\n$/)
    await expectQuiet(target)
    expect(target.gateway.logLines).toMatchObject([{ reason: 'none', status: 200 }])
  })

  it('comes through whole if it is large', async () => {
    const target = await startBefore((_request, response) => {
      response.end(Buffer.alloc(LARGE_BYTES, 'a'))
    })
    const answer = await target.raw(handshake, { waitMs: 60_000 })
    expect(answer.length).toBeGreaterThan(LARGE_BYTES)
    await expectQuiet(target)
  }, 60_000)

  it('does not look whole if the app breaks it off', async () => {
    const target = await startBefore((request, response) => {
      response.writeHead(200, { 'content-length': '50' })
      response.write('half', () => request.socket.destroy())
    })
    const answer = await target.raw(handshake)
    expect(answer).toMatch(/content-length: 50\r\n[^]*\r\n\r\nhalf$/)
    await expectQuiet(target)
    expect(target.reasons()).toEqual(['upstream_reset'])
  })
})
