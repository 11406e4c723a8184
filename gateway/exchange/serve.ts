/** The frame of every exchange: by one configuration, among the open ones, and to its one record. */
import type { ClientListenerOptions } from '../accept/client-listener.ts'
import type { ConnectionHead, RequestHead } from '../admit/request-head.ts'
import type { ActiveConfig } from './active-config.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeDeps } from './deps.ts'

/** @param respond may throw: that is responded to as a fault. */
export async function serve(
  exchange: Exchange,
  deps: ExchangeDeps,
  respond: (config: ActiveConfig) => Promise<void>,
): Promise<void> {
  const config = deps.live.enter()
  deps.open.add(exchange)
  try {
    await respond(config)
  } catch (thrown) {
    exchange.fail(thrown)
  } finally {
    deps.open.remove(exchange)
    exchange.end(deps.recorder)
    config.leave()
  }
}

/** What a listener does with connections that it refuses, and with what cannot be read on them. */
export function refusals(
  deps: ExchangeDeps,
): Pick<ClientListenerOptions, 'onRefused' | 'onUnreadable'> {
  const refuse: ClientListenerOptions['onRefused'] = (head, reason, connection) => {
    const client = { request: undefined, response: connection?.lastResponse() }
    const exchange = new Exchange(headOfNothing(head), client, deps.capacity, deps.clock)
    exchange.facts.isExternalAuth = deps.isExternalAuth
    exchange.refuse(reason)
    exchange.end(deps.recorder)
  }
  return {
    onRefused: refuse,
    onUnreadable: (connection, reason) => {
      refuse(connection.head, reason, connection)
    },
  }
}

function headOfNothing(connection: ConnectionHead): RequestHead {
  return { method: '', target: '', httpVersion: '', rawHeaders: [], isUpgrade: false, connection }
}
