/**
 * Tells of TLS handshakes that came to nothing. Node has an event for some of them, but none while
 * it is still known whose connection it was, and for a certificate that it turns down only a reset.
 */
import type { Server, TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'

import type { ConnectionHead } from '../admit/request-head.ts'
import type { Connections } from './connections.ts'

/** How much earlier than asked for a timer may go off. */
const TIMER_SLACK_MS = 5

/** @returns what to call with each connection before its handshake. */
export function watchHandshakes(
  server: Server,
  connections: Connections,
  timeoutMs: number,
  onFailed: (socket: Socket, head: ConnectionHead) => void,
): (socket: Socket) => void {
  const secured = new WeakSet<ConnectionHead>()
  server.on('secureConnection', (socket: TLSSocket) => {
    secured.add(connections.headOf(socket))
  })
  server.on('tlsClientError', (_error: Error, socket: TLSSocket) => {
    socket.destroy()
  })
  return (socket) => {
    const head = connections.headOf(socket)
    const bytesBefore = socket.bytesRead - socket.readableLength
    const startedMs = performance.now()
    socket.once('close', () => {
      // A load balancer's check that the port is open sends nothing, and goes by itself.
      const isTimeUp = performance.now() - startedMs > timeoutMs - TIMER_SLACK_MS
      const wasTried = isTimeUp || socket.bytesRead > bytesBefore
      if (wasTried && !secured.has(head)) onFailed(socket, head)
    })
  }
}
