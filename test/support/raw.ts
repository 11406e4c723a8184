/** Bytes on a socket, exactly as a test writes them, and everything that comes back. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawOptions {
  /** Another loopback address to come from. */
  readonly from?: string
  /** How long to wait for the other side to close, in milliseconds. */
  readonly waitMs?: number
}

/** @returns what came until the other side closed, or until the time was up. */
export async function sendRaw(
  port: number,
  bytes: string | Buffer | readonly (string | Buffer)[],
  { from = '127.0.0.1', waitMs = 5000 }: RawOptions = {},
): Promise<string> {
  const socket = await open(port, from)
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  const closed = new Promise((resolve) => {
    socket.once('end', resolve).once('close', resolve)
    setTimeout(resolve, waitMs).unref()
  })
  for (const part of typeof bytes === 'string' || Buffer.isBuffer(bytes) ? [bytes] : bytes) {
    socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    // In packets of their own, so that a parser cannot count on getting it all at once.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
  socket.destroy()
  return text
}

/** @param allowHalfOpen true to stay when the other side has ended. */
export async function open(
  port: number,
  from = '127.0.0.1',
  allowHalfOpen = false,
): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** The status of the first answer; 0 if there is none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
}
