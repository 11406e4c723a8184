/**
 * Closing a connection that may still be sending. Closed with bytes unread, TCP answers with a
 * reset that makes the sender's system throw away an answer it has not read yet (RFC 9112 9.6); so
 * what comes is read and dropped for a while first.
 */
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Long enough for an answer to cross the world and be read; short enough to hold nothing up. */
const LINGER_MS = 2000

const closing = new WeakSet<Duplex>()

/** Its end is decided: what is still read from it is dropped, and it gets no further answer. */
export function isClosing(connection: Duplex): boolean {
  return closing.has(connection)
}

/** For an answer that is written and not ended: nothing follows it on its connection. */
export function endAnswerLingering(response: ServerResponse): void {
  // Without a socket it waits behind an earlier answer, and Node closes after it.
  if (response.socket === null) response.end()
  else endLingering(response.socket)
}

export function endLingering(socket: Duplex): void {
  closing.add(socket)
  const destroy = () => {
    clearTimeout(timer)
    socket.destroy()
  }
  const timer = setTimeout(destroy, LINGER_MS)
  socket.once('end', destroy).once('close', destroy).on('error', destroy).resume()
  socket.end()
}
