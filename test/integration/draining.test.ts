/** What a client sees of a gateway that stops: each answer ends its connection, and none is lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import { accepts } from '../support/accepts.ts'
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

/** Longer than any test. */
const FAR = '1m'

interface Held {
  /** Its answers begin at once. */
  readonly begins?: boolean
  readonly shutdown?: { readonly delay: string; readonly drainTimeout?: string }
  readonly limits?: object
}

/** Long enough for what goes on while a gateway that stops still serves. */
const servesOn = { shutdown: { delay: '3s' } }

/** An app that answers when the test says so. */
async function startHeld({ begins = false, shutdown = { delay: '1s' }, limits }: Held = {}) {
  const held: (() => void)[] = []
  const gateway = await startBehind(
    (_request, response) => {
      if (begins) response.write('a beginning, ')
      held.push(() => response.end('done'))
    },
    { shutdown, ...(limits && { limits }) },
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
    const { gateway, held, connect, reached, stop } = await startHeld(servesOn)
    const { socket, seen } = await connect()
    const stopped = stop()
    socket.write(keptCall(gateway))
    await reached(1)
    held[0]?.()
    await expect.poll(() => seen.isClosed).toBe(true)
    expect(seen.text).toMatch(/Connection: close/i)
    await stopped
  })

  it('responds to the first of several pipelined calls, and serves none behind it', async () => {
    const { gateway, held, connect, reached, stop } = await startHeld(servesOn)
    const { socket, seen } = await connect()
    socket.write(keptCall(gateway) + keptCall(gateway))
    await reached(1)
    const stopped = stop()
    socket.write(keptCall(gateway))
    const other = await connect()
    other.socket.write(keptCall(gateway))
    await reached(2)
    for (const answer of held) answer()
    await expect.poll(() => seen.isClosed && other.seen.isClosed).toBe(true)
    expect(answersIn(seen.text)).toBe(1)
    expect(answersIn(other.seen.text)).toBe(1)
    expect(held).toHaveLength(2)
    await stopped
  })

  it('takes nothing new on any connection once another gateway can be on its port', async () => {
    const { gateway, held, connect, reached, stop } = await startHeld({
      begins: true,
      shutdown: { delay: '0s', drainTimeout: '20s' },
    })
    const { socket, seen } = await connect()
    socket.write(keptCall(gateway))
    await expect.poll(() => seen.text).toMatch(/a beginning/)
    const stopped = stop()
    await expect.poll(() => accepts(gateway.port)).toBe(false)
    socket.write(keptCall(gateway))
    // So that what was sent has come, whatever becomes of it.
    await expect.poll(() => socket.writableLength).toBe(0)
    await sleep(100)
    held[0]?.()
    await expect.poll(() => seen.isClosed).toBe(true)
    await reached(1)
    expect(answersIn(seen.text)).toBe(1)
    expect(seen.text).toMatch(/done/)
    await stopped
  })

  it('is not held up by whoever sends half a head, or nothing', async () => {
    const { connect, stop } = await startHeld({
      shutdown: { delay: '0s', drainTimeout: FAR },
      limits: { headersTimeout: FAR },
    })
    const [half, silent] = [await connect(), await connect()]
    half.socket.write('POST /api/inngest HTTP/1.1\r\nHo')
    await expect.poll(() => half.socket.writableLength).toBe(0)
    await stop()
    await expect.poll(() => half.seen.isClosed && silent.seen.isClosed).toBe(true)
  })

  it('writes a record of each call that it cuts off', async () => {
    const { gateway, connect, reached, stop } = await startHeld({
      shutdown: { delay: '0s', drainTimeout: '100ms' },
    })
    const clients = [await connect(), await connect()]
    for (const { socket } of clients) socket.write(keptCall(gateway))
    await reached(2)
    await stop()
    const ended = gateway.logLines.filter(({ msg }) => msg === 'request')
    expect(ended.map(({ reason }) => reason)).toEqual(['downstream_closed', 'downstream_closed'])
  })
})
