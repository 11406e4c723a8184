/** What comes out of Node's parser on every listener that requests are judged on. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { isClosing } from './lingering-close.ts'
import { reasonOfParserError } from './parser-error.ts'
import { headOfNothing, refuseConnection } from './refused-connection.ts'
import type { TrafficParts } from '../exchange/traffic-parts.ts'

/**
 * Of a connection. Node hands over in one turn all the requests that it has read at once; Inngest and
 * proxies wait for each answer before they send the next request.
 */
const MOST_UNANSWERED = 16

export interface RequestHandlers {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** CONNECT: Node has let go of the connection. */
  readonly onConnect: (request: IncomingMessage, socket: Socket, firstBytes: Buffer) => void
}

export function handleEvents(
  server: Server,
  parts: TrafficParts,
  { onRequest, onConnect }: RequestHandlers,
): void {
  // 0 shows all: a limit of Node's own would drop fields in silence (CVE-2026-58044).
  server.maxHeadersCount = 0
  const onEach = (request: IncomingMessage, response: ServerResponse) => {
    // What follows a request whose connection is being closed was never answered for (RFC 9112 9.6).
    if (isClosing(request.socket) || parts.connections.isEnding(request.socket)) return
    if (parts.connections.takeNothingNew) {
      hangUp(response)
      return
    }
    const isLast = parts.exchanges.countOn(request.socket) >= MOST_UNANSWERED - 1
    if (isLast || parts.connections.areEnding) parts.connections.endWith(response)
    onRequest(request, response)
  }
  server.on('request', onEach).on('checkContinue', onEach).on('checkExpectation', onEach)
  server.on('connect', onConnect)
  server.on('clientError', (error: Error, socket: Socket) => {
    onClientError(error, socket, parts)
  })
}

/** Instead of an answer; what was asked before it on its connection is answered first. */
function hangUp(response: ServerResponse): void {
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
  const head = headOfNothing(parts.connections.headOf(socket))
  refuseConnection(socket, head, reason, parts, exchange === undefined)
}
