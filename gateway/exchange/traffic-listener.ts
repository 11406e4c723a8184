/** The listener for clients: their requests are checked and forwarded. */
import { ClientListener } from '../accept/client-listener.ts'
import type { Connections } from '../accept/connections.ts'
import type { ExchangeDeps } from './deps.ts'
import { refusals } from './serve.ts'
import { serveRequest } from './serve-request.ts'

export function createTrafficListener(
  connections: Connections,
  deps: ExchangeDeps,
): ClientListener {
  return new ClientListener({
    connections,
    policy: () => deps.live.settings.policy,
    tls: deps.live.settings.listenerTls,
    onRequest: (request, response) => {
      void serveRequest(request, response, deps)
    },
    ...refusals(deps),
  })
}
