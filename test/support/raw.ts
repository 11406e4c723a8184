/** Sends the exact bytes of a test on a socket, and returns everything that is received. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawOptions {
  /** Another loopback address as the source. */
  readonly from?: string
  /** How long to wait for the other side to close, in milliseconds. */
  readonly waitMs?: number
}

/** @returns the bytes received until the other side closed, or until the timeout. */
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
    // In separate packets, so that a parser cannot rely on getting everything at once.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
  socket.destroy()
  return text
}

/** @param allowHalfOpen true to keep the connection when the other side has ended. */
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

/** The status of the first response; 0 if there is none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
}
