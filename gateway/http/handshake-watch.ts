/**
 * Tells of TLS handshakes that came to nothing. Node has an event for some of them, but none while
 * it is still known whose connection it was, and for a certificate that it turns down only a reset.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

import type { ConnectionHead } from '../checks/request-head.ts'
import type { Connections } from './connections.ts'

/** @returns what to call with each connection before its handshake. */
export function watchHandshakes(
  server: Server,
  connections: Connections,
  onFailed: (socket: Socket, head: ConnectionHead) => void,
): (socket: Socket) => void {
  const secured = new WeakSet<ConnectionHead>()
  server.on('secureConnection', (socket: TLSSocket) => {
    secured.add(connections.headOf(socket))
  })
  const timedOut = new WeakSet<ConnectionHead>()
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') timedOut.add(connections.headOf(socket))
    socket.destroy()
  })
  return (socket) => {
    const head = connections.headOf(socket)
    const bytesBefore = socket.bytesRead - socket.readableLength
    socket.once('close', () => {
      // A load balancer's check that the port is open sends nothing, and goes by itself.
      const wasTried = socket.bytesRead > bytesBefore || timedOut.has(head)
      if (wasTried && !secured.has(head)) onFailed(socket, head)
    })
  }
}
