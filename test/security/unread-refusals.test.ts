/**
 * Requests that are refused, one behind the other, by a client that reads no response (threat D14). A refusal is
 * short and its exchange is over at once, so that no watch on exchanges sees that its response is never taken:
 *
 *   GET /nope HTTP/1.1\r\nHost: a\r\n\r\n        (again and again, and never a read)
 */
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { expectQuiet, startTarget, type Target } from '../support/attack.ts'
import { open } from '../support/raw.ts'

const BATCH = 500
const REQUESTS = 'GET /nope HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(BATCH)

/** No more at once than what the gateway buffers, until no more responses fit into the buffers of the kernels. */
async function fill(target: Target, socket: Socket): Promise<void> {
  socket.pause()
  for (let refused = 0, seen = -1; refused !== seen;) {
    seen = refused
    socket.write(REQUESTS)
    for (let waits = 0; refused < seen + BATCH && waits < 20; waits += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      refused = target.reasons().length
    }
  }
}

const connections = async (target: Target) =>
  /^inngest_gateway_connections (\d+)$/m.exec(await target.metrics())?.[1]

describe('a client that reads none of its refusals', () => {
  it('is disconnected after `limits.responseStallTimeout`', async () => {
    const target = await startTarget({ limits: { responseStallTimeout: '1s' } })
    const socket = await open(target.gateway.port)
    await fill(target, socket)
    expect(await connections(target)).toBe('1')
    await expect.poll(() => connections(target), { timeout: 10_000 }).toBe('0')
    await expectQuiet(target)
    socket.destroy()
  })
})
