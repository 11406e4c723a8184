/**
 * The last step before an admitted function call is forwarded: the `limits` of its route. It follows the claim,
 * so that a captured signature that is sent again cannot fill the queue. A call that gets no turn releases its
 * claim, because no byte of it reached the app.
 */
import type { ClientResponse } from '../accept/client-response.ts'
import type { AdmittedRequest } from '../admit/admit.ts'
import type { Facts } from '../admit/facts.ts'
import type { Reason } from '../admit/reasons.ts'
import { isTrustProbe } from '../inngest/call-parameters.ts'
import type { AppGate } from './app-gate.ts'
import type { ExchangeDeps } from './deps.ts'
import type { Exchange } from './exchange.ts'
import { releaseClaim } from './release-claim.ts'
import { whileConnected } from './while-connected.ts'

/**
 * Introspections, trust probes and syncs are not limited: they start no function, and a server takes a 429 to a
 * sync for a success.
 * @returns undefined if nothing limits the request.
 */
export function gateOf(
  { route, head }: AdmittedRequest,
  { parameters }: Pick<Facts, 'parameters'>,
  { gates }: Pick<ExchangeDeps, 'gates'>,
): AppGate | undefined {
  if (route.kind !== 'inngest' || route.limits === undefined) return undefined
  const isProbe = parameters !== undefined && isTrustProbe(head.method, parameters)
  return head.method === 'POST' && !isProbe ? gates.of(route.name, route.limits) : undefined
}

/**
 * For a call that could not enter at once.
 * @returns why the call gets no turn; undefined if it may be forwarded.
 * @throws GatewayFault if the client leaves.
 */
export async function awaitTurn(
  gate: AppGate,
  admitted: AdmittedRequest,
  response: ClientResponse,
  exchange: Exchange,
  deps: ExchangeDeps,
): Promise<Reason | undefined> {
  const { hold, facts } = exchange
  const startedMs = deps.clock.monotonicMs()
  let isForwarded = false
  try {
    const refusal = await whileConnected(response, (signal) => gate.wait(hold, signal))
    isForwarded = refusal === undefined
    return refusal
  } finally {
    facts.waitedMs = deps.clock.monotonicMs() - startedMs
    if (!isForwarded) await releaseClaim(admitted, exchange, deps)
  }
}
