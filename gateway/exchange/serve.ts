/** The frame of every exchange: by one configuration, among the open ones, and to its one record. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Exchange } from './exchange.ts'
import { sendFault } from './error-response.ts'
import type { Snapshot } from './active-config.ts'
import type { TrafficParts } from './traffic-parts.ts'

/** @param answer what it throws is answered as a fault. */
export async function runExchange(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  parts: TrafficParts,
  answer: (snapshot: Snapshot) => Promise<void>,
): Promise<void> {
  const snapshot = parts.live.enter()
  const entry = { exchange, request, response }
  parts.exchanges.add(entry)
  response.on('error', () => undefined)
  try {
    await answer(snapshot)
  } catch (thrown) {
    exchange.status = sendFault(response, exchange.failed(thrown), exchange.answerTo)
  } finally {
    parts.exchanges.remove(entry)
    exchange.end(parts.recorder)
    snapshot.leave()
  }
}
