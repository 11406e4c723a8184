/**
 * Reports failed TLS handshakes. Node has an event for some of them, but too late: the connection's address is
 * not available any more. For a refused client certificate there is only a reset.
 */
import type { Server, TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'

import type { ConnectionHead } from '../admit/request-head.ts'
import type { Connections } from './connections.ts'

/** A timer may fire this much too early. */
const TIMER_SLACK_MS = 5

/** @returns a function to be called with each connection before its handshake. */
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
      // A load balancer's check of the port sends nothing and closes the connection itself.
      const isTimeUp = performance.now() - startedMs > timeoutMs - TIMER_SLACK_MS
      const wasTried = isTimeUp || socket.bytesRead > bytesBefore
      if (wasTried && !secured.has(head)) onFailed(socket, head)
    })
  }
}
