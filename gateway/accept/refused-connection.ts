/** Refusals that no `ServerResponse` can carry: of a connection, or of what cannot be read on it. */
import type { Socket } from 'node:net'

import type { ConnectionHead, RequestHead } from '../admit/request-head.ts'
import { reasons, type Reason } from '../admit/reasons.ts'
import { Exchange } from '../exchange/exchange.ts'
import { sendOnSocket } from '../exchange/error-response.ts'
import type { TrafficParts } from '../exchange/traffic-parts.ts'

/**
 * Ends the connection, and records why.
 * @param mayAnswer false if an answer could be taken for something else.
 */
export function refuseConnection(
  socket: Socket,
  head: RequestHead,
  reason: Reason,
  parts: TrafficParts,
  mayAnswer: boolean,
): void {
  const exchange = new Exchange(head, parts.capacity, parts.clock)
  exchange.facts.isExternalAuth = parts.isExternalAuth
  exchange.refusal = reason
  if (mayAnswer) {
    exchange.status = sendOnSocket(socket, reasons[reason].status, undefined, exchange.answerTo)
  } else {
    socket.destroy()
  }
  exchange.end(parts.recorder)
}

/** For what is refused before a head was read. */
export function headOfNothing(connection: ConnectionHead): RequestHead {
  return { method: '', target: '', httpVersion: '', rawHeaders: [], isUpgrade: false, connection }
}
