/** Sending without end, from a client or from an app. */
import type { Socket } from 'node:net'
import { expect } from 'vitest'

import { patient } from './gateway-process.ts'

const MIB = 1_048_576

/** Bytes that a test has sent. The other side may not have read all of them. */
export interface Poured {
  readonly socket: Socket
  bytes: number
}

/** More than the buffers of two kernels, and than the allowed growth. */
export const MOST_POURED = 64 * MIB

const PIECE = 65_536

/** Sends `text` repeatedly, as fast as the other side reads it, up to `most` bytes. */
export function pour(socket: Socket, text: string, most = MOST_POURED): Poured {
  const poured: Poured = { socket, bytes: 0 }
  const piece = Buffer.from(text.repeat(Math.ceil(PIECE / text.length)), 'latin1')
  const more = () => {
    while (poured.bytes < most && socket.writable) {
      poured.bytes += piece.length
      if (!socket.write(piece)) return
    }
  }
  socket.on('drain', more)
  more()
  return poured
}

/** Sends `text` one byte at a time, each in its own packet, up to `most` bytes. */
export function drip(socket: Socket, text: string, most = MIB): Poured {
  const poured: Poured = { socket, bytes: 0 }
  const more = () => {
    if (poured.bytes >= most || !socket.writable) return
    socket.write(text[poured.bytes % text.length] ?? '', 'latin1', () => {
      setImmediate(more)
    })
    poured.bytes += 1
  }
  more()
  return poured
}

/** Resolves when no more bytes can be sent: buffers are full, or the connection is closed. */
export async function untilStopped(poured: readonly Poured[]): Promise<void> {
  const sum = () => poured.reduce((total, { bytes }) => total + bytes, 0)
  let before = -1
  const hasStopped = () => {
    const [now, last] = [sum(), before]
    before = now
    return now === last
  }
  await expect.poll(hasStopped, { ...patient, interval: 500 }).toBe(true)
}
