/**
 * What happens to a connection before HTTP, or TLS, sees a byte of it: it is counted, and a trusted
 * proxy's PROXY protocol header is taken off. Only peers in `trustedProxies` are asked for one, and
 * from them it must come: were it optional, a client that a proxy passes on could write its own.
 */
import type { Server, Socket } from 'node:net'

import { parsePeerAddress } from '../ip/address.ts'
import type { ProxiedConnection } from '../ip/proxy-protocol.ts'
import type { Policy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import type { Connections } from './connections.ts'
import { readProxyHeader } from './read-proxy-header.ts'

export interface AcceptOptions {
  /** Asked for each connection, since a reload may change it. */
  readonly policy: () => Pick<Policy, 'trustedProxies' | 'limits' | 'speaksProxyProtocol'>
  readonly isEncrypted: boolean
  readonly connections: Connections
  /** Ends the connection and records why. */
  readonly onRefused: (socket: Socket, reason: Reason, mayAnswer: boolean) => void
  /** Told before TLS or HTTP gets it. */
  readonly onAccepted: (socket: Socket) => void
}

/** Puts itself between the listener and the server's own handling of a connection. */
export function guardConnections(server: Server, options: AcceptOptions): void {
  const handlers = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
  const handOn = (socket: Socket) => {
    options.onAccepted(socket)
    for (const handler of handlers) handler.call(server, socket)
  }
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    switch (accept(socket, options)) {
      case 'accepted':
        handOn(socket)
        return
      case 'to be told by its proxy':
        void acceptProxied(socket, options).then((isAccepted) => {
          if (isAccepted) handOn(socket)
        })
        return
      case 'refused':
    }
  })
}

function accept(
  socket: Socket,
  options: AcceptOptions,
): 'accepted' | 'refused' | 'to be told by its proxy' {
  const { connections, isEncrypted, onRefused } = options
  const policy = options.policy()
  const { remoteAddress } = socket
  // Until HTTP has it, a connection that breaks must not break the process.
  socket.on('error', ignore)
  if (remoteAddress === undefined) {
    socket.destroy()
    return 'refused'
  }
  connections.add(socket, isEncrypted)
  if (connections.held > policy.limits.maxConnections) {
    onRefused(socket, 'connections_full', connections.refuse(socket, remoteAddress))
    return 'refused'
  }
  const address = policy.trustedProxies.size > 0 ? parsePeerAddress(remoteAddress) : undefined
  if (address !== undefined && policy.trustedProxies.contains(address)) {
    return policy.speaksProxyProtocol ? 'to be told by its proxy' : 'accepted'
  }
  return isWithinShare(socket, remoteAddress, options) ? 'accepted' : 'refused'
}

async function acceptProxied(socket: Socket, options: AcceptOptions): Promise<boolean> {
  const { connections, onRefused } = options
  const proxied = await readProxyHeader(socket, options.policy().limits.headersTimeoutMs)
  if (socket.destroyed) return false
  if (proxied === 'ended silently') {
    // A health check that the port is open, not a header that failed.
    socket.destroy()
    return false
  }
  if (proxied === 'invalid') {
    onRefused(socket, 'proxy_header_invalid', false)
    return false
  }
  connections.describeProxied(socket, proxied)
  return isWithinShare(socket, sourceOf(proxied), options)
}

function sourceOf({ sourceAddress }: ProxiedConnection): string {
  return sourceAddress ?? 'unknown'
}

function isWithinShare(socket: Socket, address: string, options: AcceptOptions): boolean {
  const { connections, onRefused } = options
  const { maxConnectionsPerAddress } = options.policy().limits
  if (connections.takeShare(socket, address, maxConnectionsPerAddress)) return true
  onRefused(socket, 'address_connections_full', connections.refuse(socket, address))
  return false
}

function ignore(): void {
  // What there is to say is said by whoever ends the connection.
}
