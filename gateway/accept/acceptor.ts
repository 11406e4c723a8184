/**
 * The first steps of a connection, before HTTP or TLS: it is counted, and a trusted proxy's PROXY protocol
 * header is read. Peers in `trustedProxies` must always send one, and others must not. If it were optional, a
 * client behind a proxy that forwards its bytes could send a header of its own.
 */
import type { Socket } from 'node:net'

import { parsePeerAddress } from '../ip/address.ts'
import type { ProxiedConnection } from '../ip/proxy-protocol.ts'
import type { Policy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import type { Connections } from './connections.ts'
import { readProxyHeader } from './read-proxy-header.ts'

export interface AcceptOptions {
  /** Called for each connection, since a reload may change the policy. */
  readonly policy: () => Pick<Policy, 'trustedProxies' | 'limits' | 'speaksProxyProtocol'>
  readonly isEncrypted: boolean
  readonly connections: Connections
  /** Ends the connection and records why. */
  readonly onRefused: (socket: Socket, reason: Reason, mayRespond: boolean) => void
  /** Called when TLS or HTTP takes the connection over. */
  readonly onAccepted: (socket: Socket) => void
}

export function acceptConnection(socket: Socket, options: AcceptOptions): void {
  switch (check(socket, options)) {
    case 'accepted':
      options.onAccepted(socket)
      return
    case 'awaits its PROXY header':
      void acceptProxied(socket, options).then((isAccepted) => {
        if (isAccepted) options.onAccepted(socket)
      })
      return
    case 'refused':
  }
}

function check(
  socket: Socket,
  options: AcceptOptions,
): 'accepted' | 'refused' | 'awaits its PROXY header' {
  const { connections, isEncrypted, onRefused } = options
  const policy = options.policy()
  const { remoteAddress } = socket
  // Without a listener, an error of the connection would end the process.
  socket.on('error', () => undefined)
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
    return policy.speaksProxyProtocol ? 'awaits its PROXY header' : 'accepted'
  }
  return isWithinShare(socket, remoteAddress, options) ? 'accepted' : 'refused'
}

async function acceptProxied(socket: Socket, options: AcceptOptions): Promise<boolean> {
  const { connections, onRefused } = options
  const proxied = await readProxyHeader(socket, options.policy().limits.headersTimeoutMs)
  if (socket.destroyed) return false
  if (proxied === 'ended silently') {
    // This was a health check of the port, and not a bad header.
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
