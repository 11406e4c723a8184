/**
 * What all exchanges have in common: one configuration, an entry in the list of open exchanges, and one record.
 */
import type { ClientListenerOptions } from '../accept/client-listener.ts'
import type { ConnectionHead, RequestHead } from '../admit/request-head.ts'
import type { ActiveConfig } from './active-config.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeDeps } from './deps.ts'

/** @param respond may throw; the error is sent as a fault. */
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

/** How a listener handles connections that it refuses, and unreadable requests on a connection. */
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
