/**
 * Passes an app's answer on as it comes, no faster than the client takes it. The library's own way
 * is not used: it fails on some responses that Node reads and does not write, and knows no backpressure.
 */
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

import { GatewayFault } from '../admit/faults.ts'
import { cutShort } from '../exchange/cut-short.ts'
import { keepResponseFields } from './header-filter.ts'
import { endLingering } from '../accept/lingering-close.ts'

const NOTHING = Buffer.alloc(0)

/** @param onFault told what is wrong with the answer; if it has begun, the client is hung up on. */
export function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  onFault: (fault: GatewayFault) => void,
): void {
  const { statusCode = 0 } = answer
  if (statusCode < 200 || lacksFields(answer)) {
    onFault(new GatewayFault('upstream_protocol'))
    answer.destroy()
    return
  }
  // Without the reason phrase, which decides nothing (RFC 9112 4).
  response.writeHead(statusCode, keepResponseFields(answer.rawHeaders))
  sendHead(response)
  answer.pipe(response)
  answer.once('close', () => {
    if (answer.complete) return
    onFault(new GatewayFault('upstream_reset'))
    cutShort(response)
  })
}

/** Node's client shows this many fields of an answer and drops the rest in silence. */
const MOST_FIELDS = 1000

function lacksFields({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.length >= 2 * MOST_FIELDS
}

/** The same on a connection that Node's server has let go of, for a handshake; it is closed then. */
export function relayOnSocket(
  answer: IncomingMessage,
  request: IncomingMessage,
  socket: Socket,
  onFault: (fault: GatewayFault) => void,
): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // Its server would say so otherwise.
  socket.on('drain', () => response.emit('drain'))
  response.once('finish', () => {
    endLingering(socket)
  })
  relay(answer, response, onFault)
}

/** At once and byte for byte; `flushHeaders` would write bytes beyond ASCII as UTF-8. */
export function sendHead(response: ServerResponse): void {
  response.write(NOTHING)
}
