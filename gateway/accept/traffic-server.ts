/** The listener that faces the world: connections in, and each request to its handling. */
import { createServer as createPlainServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'

import type { RequestHead } from '../admit/request-head.ts'
import type { Reason } from '../admit/reasons.ts'
import { guardConnections } from './acceptor.ts'
import { handleRequest, handleUpgrade } from '../exchange/handle.ts'
import { watchHandshakes } from './handshake-watch.ts'
import { listenerOptions } from './listener-options.ts'
import { watchProgress } from '../exchange/stall-watch.ts'
import { headOfNothing, refuseConnection } from './refused-connection.ts'
import { handleEvents } from './request-events.ts'
import { tlsServerOptions } from './tls-options.ts'
import type { TrafficParts } from '../exchange/traffic-parts.ts'

export function createTrafficServer(parts: TrafficParts): Server {
  const { policy, listenerTls } = parts.live.settings
  const { headersTimeoutMs } = policy.limits
  const options = listenerOptions(policy.limits)
  const server =
    listenerTls === undefined
      ? createPlainServer(options)
      : createTlsServer({ ...options, ...tlsServerOptions(listenerTls, headersTimeoutMs) })
  const refuse = (socket: Socket, reason: Reason, mayAnswer: boolean) => {
    // Nothing plain can be said where TLS is expected.
    const head = headOfNothing(parts.connections.headOf(socket))
    refuseConnection(socket, head, reason, parts, mayAnswer && listenerTls === undefined)
  }
  guardConnections(server, {
    policy: () => parts.live.settings.policy,
    isEncrypted: listenerTls !== undefined,
    connections: parts.connections,
    onRefused: refuse,
    onAccepted:
      listenerTls === undefined
        ? () => undefined
        : watchHandshakes(server, parts.connections, headersTimeoutMs, (socket, head) => {
            refuseConnection(socket, headOfNothing(head), 'tls_failed', parts, false)
          }),
  })
  handleRequests(server, parts)
  watchProgress(server, parts.exchanges, () => parts.live.settings.policy.limits)
  return server
}

function handleRequests(server: Server, parts: TrafficParts): void {
  handleEvents(server, parts, {
    onRequest: (request, response) => {
      void handleRequest(request, response, readHead(request, false, parts), parts)
    },
    onConnect: (request, socket, firstBytes) => {
      void handleUpgrade(request, socket, firstBytes, readHead(request, false, parts), parts)
    },
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, firstBytes: Buffer) => {
    void handleUpgrade(request, socket, firstBytes, readHead(request, true, parts), parts)
  })
}

function readHead(
  request: IncomingMessage,
  isUpgrade: boolean,
  { connections }: TrafficParts,
): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    isUpgrade,
    connection: connections.headOf(request.socket),
  }
}
