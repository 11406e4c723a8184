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

/** Ends an answer, all of which is written, when the rest of the request has come or time is up. */
export function lingerOn(response: ServerResponse): void {
  const request = response.req
  closing.add(request.socket)
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  request.once('end', end).once('close', end).resume()
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
