/**
 * Not reading the answer (threat D14): what the app sends piles up in a proxy that reads faster than
 * its client; without a bound on silence, for as long as the client likes:
 *
 *   GET /big HTTP/1.1\r\nHost: a\r\n\r\n        (and never a read)
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { serveBeside } from '../support/good-client.ts'
import { expectQuiet, signedCall, startTarget } from '../support/attack.ts'
import { open } from '../support/raw.ts'

const MIB = 1_048_576
const READERS = 20
const CHUNK = Buffer.alloc(65_536)

/** What two socket buffers of a kernel may come to; what is beyond would be in the gateway. */
const MOST_PER_READER = 16 * MIB

describe('a client that reads nothing', () => {
  it.each(['passthrough', 'inngest'])(
    'of a %s answer is hung up on, and nothing piles up',
    async (policy) => {
      let sent = 0
      const endless = createServer((request, response) => {
        request.resume()
        const more = () => {
          do sent += CHUNK.length
          while (!response.destroyed && response.write(CHUNK))
        }
        response.on('drain', more)
        more()
      }).listen(0, '127.0.0.1')
      await once(endless, 'listening')
      const big = `http://127.0.0.1:${String((endless.address() as AddressInfo).port)}`
      const target = await startTarget((upstream) => ({
        limits: { responseStallTimeoutMs: 800 },
        routes: [
          { name: 'small', upstream, signingKeys: [{ env: 'PRIMARY' }] },
          policy === 'inngest'
            ? { name: 'big', upstream: big, path: '/big', signingKeys: [{ env: 'PRIMARY' }] }
            : { name: 'big', upstream: big, policy },
        ],
      }))
      const readers = await Promise.all(
        Array.from({ length: READERS }, async () => {
          const socket = await open(target.gateway.port)
          socket.pause()
          socket.write(
            policy === 'inngest'
              ? signedCall(target).replace('/api/inngest', '/big')
              : 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n',
          )
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
        `${policy}: ${(sent / MIB).toFixed(0)} MiB sent into ${String(READERS)} connections, process grew by ${grown.toFixed(0)} MiB; honest calls ${String(served)} of ${String(asked)}, slowest ${slowestMs.toFixed(0)} ms`,
      )
      expect(sent).toBeLessThan(READERS * MOST_PER_READER)
      for (const socket of readers) socket.destroy()
      await expectQuiet(target)
      await expect
        .poll(
          () =>
            new Promise((resolve) => {
              endless.getConnections((_, count) => {
                resolve(count)
              })
            }),
        )
        .toBe(0)
      endless.close()
    },
  )
})
