/** What a client sees of a gateway that stops: each answer ends its connection, and none is lost. */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody } from '../support/attack.ts'
import { startBehind, stops } from '../support/app-behind-gateway.ts'
import { open } from '../support/raw.ts'
import { signatureHeader } from '../support/sender.ts'
import { testKey, type TestGateway } from '../support/test-gateway.ts'

/** A call on a connection that the client would keep. */
function keptCall(gateway: TestGateway): string {
  const body = freshBody()
  const nowSeconds = Math.floor(gateway.clock.wallMs / 1000)
  return callBytes(body, [
    `Content-Length: ${String(body.length)}`,
    `X-Inngest-Signature: ${signatureHeader(testKey, body, nowSeconds)}`,
  ])
}

/** An app that answers when the test says so. */
async function startHeld() {
  const held: (() => void)[] = []
  const gateway = await startBehind(
    (_request, response) => {
      held.push(() => response.end('done'))
    },
    { shutdown: { delayMs: 1000 } },
  )
  // The test stops it itself.
  const stop = stops.pop()
  const connect = async () => {
    const socket = await open(gateway.port)
    const seen = { text: '', isClosed: false }
    socket.setEncoding('latin1').on('data', (text: string) => (seen.text += text))
    socket.on('close', () => (seen.isClosed = true))
    return { socket, seen }
  }
  const reached = (count: number) => expect.poll(() => held.length).toBe(count)
  return { gateway, held, connect, reached, stop: () => stop?.() }
}

const answersIn = (text: string) => text.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0

describe('a gateway that stops', () => {
  it('ends the connection of a call that was in flight with its answer', async () => {
    const { gateway, held, connect, reached, stop } = await startHeld()
    const { socket, seen } = await connect()
    socket.write(keptCall(gateway))
    await reached(1)
    const stopped = stop()
    held[0]?.()
    await expect.poll(() => seen.isClosed).toBe(true)
    expect(seen.text).toMatch(/Connection: close/i)
    expect(answersIn(seen.text)).toBe(1)
    await stopped
  })

  it('does so with what is still asked meanwhile', async () => {
    const { gateway, held, connect, reached, stop } = await startHeld()
    const { socket, seen } = await connect()
    const stopped = stop()
    socket.write(keptCall(gateway))
    await reached(1)
    held[0]?.()
    await expect.poll(() => seen.isClosed).toBe(true)
    expect(seen.text).toMatch(/Connection: close/i)
    await stopped
  })

  it('answers each of several calls in a row on one connection, and takes none behind', async () => {
    const { gateway, held, connect, reached, stop } = await startHeld()
    const { socket, seen } = await connect()
    socket.write(keptCall(gateway) + keptCall(gateway))
    await reached(2)
    const stopped = stop()
    socket.write(keptCall(gateway))
    // Whoever is taken on has reached the app by the time that another connection's call has.
    const other = await connect()
    other.socket.write(keptCall(gateway))
    await reached(3)
    for (const answer of held) answer()
    await expect.poll(() => seen.isClosed && other.seen.isClosed).toBe(true)
    expect(answersIn(seen.text)).toBe(2)
    expect(answersIn(other.seen.text)).toBe(1)
    expect(held).toHaveLength(3)
    await stopped
  })
})
