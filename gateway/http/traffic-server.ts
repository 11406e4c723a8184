/** The listener that faces the world: connections in, and each request to its handling. */
import { createServer as createPlainServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'

import type { ConnectionHead, RequestHead } from '../checks/request-head.ts'
import { reasons, type Reason } from '../reasons.ts'
import { guardConnections } from './acceptor.ts'
import { Exchange } from './exchange.ts'
import { handleRequest, handleUpgrade } from './handle.ts'
import { watchHandshakes } from './handshake-watch.ts'
import { isClosing } from './linger.ts'
import { listenerOptions } from './listener-options.ts'
import { reasonOfParserError } from './parser-error.ts'
import { watchProgress } from './progress-watch.ts'
import { sendOnSocket } from './responder.ts'
import { tlsServerOptions } from './tls-listener.ts'
import type { TrafficParts } from './traffic-parts.ts'

export function createTrafficServer(parts: TrafficParts): Server {
  const { policy, listenerTls } = parts.live.settings
  const { headersTimeoutMs } = policy.limits
  const options = listenerOptions(policy.limits)
  const server =
    listenerTls === undefined
      ? createPlainServer(options)
      : createTlsServer({ ...options, ...tlsServerOptions(listenerTls, headersTimeoutMs) })
  // 0 shows all: a limit of Node's own would drop fields in silence (CVE-2026-58044).
  server.maxHeadersCount = 0
  const refuse = (socket: Socket, reason: Reason, mayAnswer: boolean) => {
    // Nothing plain can be said where TLS is expected.
    const head = parts.connections.headOf(socket)
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
            refuseConnection(socket, head, 'tls_failed', parts, false)
          }),
  })
  handleEvents(server, parts)
  watchProgress(server, parts.exchanges, () => parts.live.settings.policy.limits)
  return server
}

function handleEvents(server: Server, parts: TrafficParts): void {
  const onRequest = (request: IncomingMessage, response: Parameters<typeof handleRequest>[1]) => {
    // What follows a request whose connection is being closed was never answered for (RFC 9112 9.6).
    if (isClosing(request.socket) || parts.connections.isEnding(request.socket)) return
    if (parts.connections.takeNothingNew) {
      hangUp(response)
      return
    }
    if (parts.connections.areEnding) parts.connections.endWith(response)
    void handleRequest(request, response, readHead(request, false, parts), parts)
  }
  server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest)
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    void handleUpgrade(request, socket, head, readHead(request, true, parts), parts)
  })
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    void handleUpgrade(request, socket, head, readHead(request, false, parts), parts)
  })
  server.on('clientError', (error: Error, socket: Socket) => {
    onClientError(error, socket, parts)
  })
}

/** Instead of an answer; what was asked before it on its connection is answered first. */
function hangUp(response: Parameters<typeof handleRequest>[1]): void {
  if (response.socket === null)
    response.once('socket', (socket: Socket) => {
      socket.destroySoon()
    })
  else response.socket.destroySoon()
}

function onClientError(error: Error, socket: Socket, parts: TrafficParts): void {
  const reason = reasonOfParserError(error)
  if (reason === undefined) socket.destroy()
  if (reason === undefined || isClosing(socket)) return
  const exchange = parts.exchanges.on(socket)
  // A request that is still being decided says so itself, in its one record.
  if (exchange?.breakOff(reason) === true) return
  const head = parts.connections.headOf(socket)
  refuseConnection(socket, head, reason, parts, exchange === undefined)
}

/** @param mayAnswer false if an answer could be taken for something else. */
function refuseConnection(
  socket: Socket,
  connection: ConnectionHead,
  reason: Reason,
  parts: TrafficParts,
  mayAnswer: boolean,
): void {
  const exchange = new Exchange(headOfNothing(connection), parts.capacity, parts.clock)
  exchange.refusal = reason
  if (mayAnswer) {
    exchange.status = sendOnSocket(socket, reasons[reason].status, undefined, exchange.asked)
  } else {
    socket.destroy()
  }
  exchange.end(parts.recorder)
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

function headOfNothing(connection: ConnectionHead): RequestHead {
  return { method: '', target: '', httpVersion: '', rawHeaders: [], isUpgrade: false, connection }
}
