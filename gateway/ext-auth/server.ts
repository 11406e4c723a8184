/**
 * The listener for proxies that ask and pass a request on themselves (Envoy ext_authz, Traefik
 * forwardAuth): 200 says that it may pass. Decisions, limits and records are those of the traffic
 * listener; what is only possible inline is not done here (docs/external-auth.md).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import { admit, type AdmittedRequest, type PassthroughRequest } from '../admit/admit.ts'
import type { ExternalDelivery } from '../admit/context.ts'
import { originalRequest } from './original-request.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import type { Settings } from '../config/compile.ts'
import type { Policy, ExternalAuthProtocol, ExternalAuthPolicy } from '../admit/policy.ts'
import type { Verdict } from '../admit/verdict.ts'
import { guardConnections } from '../accept/acceptor.ts'
import { RequestEffects } from '../exchange/admission-io.ts'
import { Exchange } from '../exchange/exchange.ts'
import { fieldsToRemove } from '../forward/header-filter.ts'
import { listenerOptions } from '../accept/listener-options.ts'
import { headOfNothing, refuseConnection } from '../accept/refused-connection.ts'
import { handleEvents, type RequestHandlers } from '../accept/request-events.ts'
import { sendRefusal } from '../exchange/error-response.ts'
import { runExchange } from '../exchange/serve.ts'
import type { Snapshot } from '../exchange/active-config.ts'
import type { TrafficParts } from '../exchange/traffic-parts.ts'

type Accepted = AdmittedRequest | PassthroughRequest

/** @param parts with the connections of this listener alone: its limits are not those of the other. */
export function createExternalAuthServer(parts: TrafficParts, policy: ExternalAuthPolicy): Server {
  const { connections, live } = parts
  const server = createServer(listenerOptions(live.settings.policy.limits))
  guardConnections(server, {
    policy: () => ofThisListener(live.settings),
    isEncrypted: false,
    connections,
    onRefused: (socket, reason, mayAnswer) => {
      const head = headOfNothing(connections.headOf(socket))
      refuseConnection(socket, head, reason, parts, mayAnswer)
    },
    onAccepted: () => undefined,
  })
  const handlers: RequestHandlers = {
    onRequest: (request, response) => {
      void handleQuestion(request, response, policy, parts)
    },
    onConnect: (request, socket) => {
      refuseConnection(socket, headOf(request, parts), 'method_not_allowed', parts, true)
    },
  }
  handleEvents(server, parts, handlers)
  return server
}

async function handleQuestion(
  request: IncomingMessage,
  response: ServerResponse,
  policy: ExternalAuthPolicy,
  parts: TrafficParts,
): Promise<void> {
  const asked = headOf(request, parts)
  const original = originalRequest(asked, policy)
  const exchange = new Exchange(original.ok ? original.value : asked, parts.capacity, parts.clock)
  exchange.facts.isExternalAuth = parts.isExternalAuth
  await runExchange(request, response, exchange, parts, (snapshot) =>
    answer(request, response, original, exchange, policy, snapshot, parts),
  )
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  original: Verdict<RequestHead>,
  exchange: Exchange,
  policy: ExternalAuthPolicy,
  snapshot: Snapshot,
  parts: TrafficParts,
): Promise<void> {
  const effects = new RequestEffects(request, response, exchange, snapshot, parts)
  const verdict = await authorize(original, policy, snapshot, effects, exchange)
  exchange.decided()
  if (verdict.ok) exchange.status = permit(response, verdict.value, policy)
  else {
    exchange.refusal = verdict.reason
    exchange.status = sendRefusal(response, verdict.reason, exchange.answerTo)
  }
  exchange.diagnose(parts.diagnosisBudget)
}

/** @param original what `originalRequest` says of the authorization request. */
async function authorize(
  original: Verdict<RequestHead>,
  { protocol }: ExternalAuthPolicy,
  { settings }: Snapshot,
  effects: RequestEffects,
  { facts }: Exchange,
): Promise<Verdict<Accepted>> {
  if (!original.ok) return original
  const head = original.value
  const policy = ofThisListener(settings)
  return admit({ head, policy, delivery: deliveryOf(head, protocol), effects, facts })
}

/** Only Envoy strips the headers that a response names. */
function deliveryOf({ rawHeaders }: RequestHead, protocol: ExternalAuthProtocol): ExternalDelivery {
  return {
    fieldsLeft: ({ kind }) =>
      protocol === 'ext_authz' ? [] : fieldsToRemove(rawHeaders, kind === 'inngest', protocol),
  }
}

/** It is for HTTP alone, whatever the other listener begins with. */
function ofThisListener({ policy }: Settings): Policy {
  return { ...policy, speaksProxyProtocol: false }
}

/**
 * @param accepted by its type, a request that passed all checks: no other gets a 200.
 * @returns the status sent.
 */
function permit(
  response: ServerResponse,
  { head, kind }: Accepted,
  { protocol }: ExternalAuthPolicy,
): number {
  const fields: Record<string, string> = { 'cache-control': 'no-store', 'content-length': '0' }
  const remove = fieldsToRemove(head.rawHeaders, kind === 'admitted', protocol)
  // Envoy strips the headers that this names (ext_authz filter, "Authorization response").
  if (remove.length > 0) {
    fields['x-envoy-auth-headers-to-remove'] = remove.join(',')
  }
  response.writeHead(200, fields)
  response.end()
  return 200
}

function headOf(request: IncomingMessage, { connections }: TrafficParts): RequestHead {
  const { method = '', url = '', httpVersion, rawHeaders, socket } = request
  const isUpgrade = fieldValues(rawHeaders, 'upgrade').length > 0
  const connection = connections.headOf(socket)
  return { method, target: url, httpVersion, rawHeaders, isUpgrade, connection }
}
