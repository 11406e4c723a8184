/**
 * Not reading the answer (threat D14): what the app sends piles up in a proxy that reads faster than
 * its client; without a bound on silence, for as long as the client likes:
 *
 *   GET /big HTTP/1.1\r\nHost: a\r\n\r\n        (and never a read)
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { serveBeside } from '../support/good-client.ts'
import { expectQuiet, signedCall, startTarget } from '../support/attack.ts'
import { open } from '../support/raw.ts'

const MIB = 1_048_576
const READERS = 20
const CHUNK = Buffer.alloc(65_536)

/** What two socket buffers of a kernel may come to; what is beyond would be in the gateway. */
const MOST_PER_READER = 16 * MIB

const get = 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n'
const handshake = get.replace('a\r\n', 'a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** @param takesWebSockets or else answers their handshake like any GET. */
async function startEndless(takesWebSockets: boolean) {
  let sent = 0
  const pour = (into: Writable) => {
    const more = () => {
      do sent += CHUNK.length
      while (!into.destroyed && into.write(CHUNK))
    }
    into.on('drain', more).on('error', () => undefined)
    more()
  }
  const server = createServer((request, response) => {
    request.resume()
    pour(response)
  }).listen(0, '127.0.0.1')
  if (takesWebSockets) {
    server.on('upgrade', (_, socket) => {
      socket.write(switching)
      pour(socket)
    })
  }
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { server, url, sent: () => sent }
}

describe('a client that reads nothing', () => {
  it.each([
    ['a passthrough answer', 'passthrough', get],
    ['an inngest answer', 'inngest', undefined],
    ['an answer to a WebSocket handshake', 'passthrough', handshake],
    ['a WebSocket', 'passthrough', handshake],
  ])('is disconnected from %s, and nothing piles up', async (what, policy, bytes) => {
    const endless = await startEndless(what === 'a WebSocket')
    const target = await startTarget((upstream) => ({
      limits: { responseStallTimeout: '800ms' },
      routes: [
        { name: 'small', upstream, signingKeys: [{ env: 'PRIMARY' }] },
        policy === 'inngest'
          ? {
              name: 'big',
              upstream: endless.url,
              path: '/big',
              signingKeys: [{ env: 'PRIMARY' }],
            }
          : { name: 'big', upstream: endless.url, policy },
      ],
    }))
    const readers = await Promise.all(
      Array.from({ length: READERS }, async () => {
        const socket = await open(target.gateway.port)
        socket.pause()
        socket.write(bytes ?? signedCall(target).replace('/api/inngest', '/big'))
        return socket
      }),
    )
    const besides = serveBeside(target)
    const stalled = () =>
      target.reasons().filter((reason) => reason === 'downstream_stalled').length
    const before = process.memoryUsage().rss
    await expect.poll(stalled, { timeout: 20_000 }).toBe(READERS)
    const { asked, served, slowestMs } = await besides.stop()
    expect(served).toBe(asked)
    const grown = (process.memoryUsage().rss - before) / MIB
    console.log(
      `${what}: ${(endless.sent() / MIB).toFixed(0)} MiB sent into ${String(READERS)} connections, process grew by ${grown.toFixed(0)} MiB; honest calls ${String(served)} of ${String(asked)}, slowest ${slowestMs.toFixed(0)} ms`,
    )
    expect(endless.sent()).toBeLessThan(READERS * MOST_PER_READER)
    for (const socket of readers) socket.destroy()
    await expectQuiet(target)
    await expect
      .poll(
        () =>
          new Promise((resolve) => {
            endless.server.getConnections((_, count) => {
              resolve(count)
            })
          }),
      )
      .toBe(0)
    endless.server.close()
  })
})
