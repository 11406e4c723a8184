/** Listens for clients, and calls the handler for each request on their connections. */
import type { Socket } from 'node:net'
import { createServer, type Server as TlsServer, type TLSSocket } from 'node:tls'

import type { ListenerTls } from '../config/read/read-tls.ts'
import type { Policy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import type { ConnectionHead } from '../admit/request-head.ts'
import { acceptConnection, type AcceptOptions } from './acceptor.ts'
import { ClientConnection, type ConnectionHandlers } from './client-connection.ts'
import type { Connections } from './connections.ts'
import { watchHandshakes } from './handshake-watch.ts'
import type { ListenAddress } from './listen.ts'
import { ListenerGroup } from './listener-group.ts'
import { tlsServerOptions } from './tls-options.ts'

export interface ClientListenerOptions {
  readonly connections: Connections
  /** Called for each connection and request, since a reload may change the policy. */
  readonly policy: () => Pick<Policy, 'trustedProxies' | 'limits' | 'speaksProxyProtocol'>
  /** Undefined for plain HTTP. */
  readonly tls: ListenerTls | undefined
  readonly onRequest: ConnectionHandlers['onRequest']
  readonly onUnreadable: ConnectionHandlers['onUnreadable']
  /** The connection itself is refused. @param connection undefined if no response may be sent on it. */
  readonly onRefused: (
    head: ConnectionHead,
    reason: Reason,
    connection: ClientConnection | undefined,
  ) => void
}

export class ClientListener {
  readonly #options: ClientListenerOptions
  readonly #accepting: AcceptOptions
  readonly #handlers: ConnectionHandlers
  readonly #tls: TlsServer | undefined

  constructor(options: ClientListenerOptions) {
    const { connections, policy, tls, onRequest, onUnreadable, onRefused } = options
    this.#options = options
    const limits = () => policy().limits
    const isEnding = () => connections.areEnding
    this.#handlers = {
      limits,
      isEnding,
      onRequest: (request, response, connection) => {
        // Another gateway may listen on the port by now, and it does not know the claims of this one.
        if (connections.takeNothingNew) connection.hangUp()
        else onRequest(request, response, connection)
      },
      onUnreadable,
    }
    const { headersTimeoutMs } = limits()
    this.#tls = tls && createServer(tlsServerOptions(tls, headersTimeoutMs), this.#begin)
    this.#accepting = {
      policy,
      isEncrypted: tls !== undefined,
      connections,
      onRefused: this.#refuse,
      onAccepted:
        this.#tls === undefined
          ? this.#begin
          : handshakesOf(this.#tls, connections, headersTimeoutMs, (socket, head) => {
              onRefused(head, 'tls_failed', undefined)
              socket.destroy()
            }),
    }
  }

  /** @param sockets the number of listening sockets; more of them accept more connections in a turn. */
  open(address: ListenAddress, sockets?: number): Promise<ListenerGroup> {
    return ListenerGroup.open(address, {
      // A client may end its side and wait for its response (RFC 9112 9.6), but not before a TLS handshake.
      allowHalfOpen: this.#tls === undefined,
      onConnection: (socket) => {
        acceptConnection(socket, this.#accepting)
      },
      sockets,
    })
  }

  /** For new handshakes; open connections are unchanged. */
  renewCertificate(tls: ListenerTls): void {
    if (this.#tls === undefined) throw new Error('a plain listener has no certificates')
    this.#tls.setSecureContext(tls)
  }

  readonly #begin = (socket: Socket | TLSSocket): void => {
    const { connections } = this.#options
    const head = connections.headOf(socket)
    if (head.remoteAddress === undefined) {
      // A connection that is reset during its handshake is no longer in the table, so no time limit would end it.
      socket.destroy()
      return
    }
    socket.allowHalfOpen = true
    connections.begin(new ClientConnection(socket, head, this.#handlers))
  }

  readonly #refuse = (socket: Socket, reason: Reason, mayRespond: boolean): void => {
    const { connections, tls, onRefused } = this.#options
    const head = connections.headOf(socket)
    // A client that expects TLS cannot read a plain response.
    if (mayRespond && tls === undefined) {
      const connection = new ClientConnection(socket, head, this.#handlers)
      connections.begin(connection)
      onRefused(head, reason, connection)
      return
    }
    onRefused(head, reason, undefined)
    socket.destroy()
  }
}

/** @returns a function that begins the handshake of a connection. */
function handshakesOf(
  tls: TlsServer,
  connections: Connections,
  timeoutMs: number,
  onFailed: (socket: Socket, head: ConnectionHead) => void,
): (socket: Socket) => void {
  const watch = watchHandshakes(tls, connections, timeoutMs, onFailed)
  return (socket) => {
    watch(socket)
    tls.emit('connection', socket)
  }
}
