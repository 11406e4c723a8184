/**
 * The answer of an app that does not take an upgrade: an ordinary one, on a connection that Node's
 * server has let go of. http-proxy-3 would write all of it into memory, however slowly the client
 * reads, and with it the fields that are for one hop.
 */
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'

import { keepResponseFields } from './header-hygiene.ts'
import { endLingering } from './linger.ts'

/** @param onCutShort called if the app does not finish; the connection is closed then. */
export function answerUnswitched(
  answer: IncomingMessage,
  request: IncomingMessage,
  socket: Socket,
  onCutShort: () => void,
): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // Its server would say so otherwise.
  socket.on('drain', () => response.emit('drain'))
  response.writeHead(answer.statusCode ?? 502, keepResponseFields(answer.rawHeaders))
  answer.once('close', () => {
    if (!answer.complete) onCutShort()
  })
  pipeline(answer, response, (error) => {
    if (error == null) endLingering(socket)
    else socket.destroy()
  })
}
