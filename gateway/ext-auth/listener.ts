/**
 * The listener for proxies that request authorization and forward the request themselves (Envoy ext_authz,
 * Traefik forwardAuth): 200 means that the request may pass. Decisions, limits and records are those of the
 * traffic listener. Functions that are only possible inline are not available here
 * (docs/how-to/external-authorization.md).
 */
import { ClientListener } from '../accept/client-listener.ts'
import type { ClientRequest } from '../accept/client-request.ts'
import type { ClientResponse } from '../accept/client-response.ts'
import type { Connections } from '../accept/connections.ts'
import { admit, type AdmittedRequest, type PassthroughRequest } from '../admit/admit.ts'
import type { ExternalDelivery } from '../admit/context.ts'
import type { Policy, ExternalAuthProtocol, ExternalAuthPolicy } from '../admit/policy.ts'
import type { RequestHead } from '../admit/request-head.ts'
import type { Verdict } from '../admit/verdict.ts'
import type { Settings } from '../config/compile.ts'
import type { ActiveConfig } from '../exchange/active-config.ts'
import { AdmissionIo } from '../exchange/admission-io.ts'
import type { ExchangeDeps } from '../exchange/deps.ts'
import { Exchange } from '../exchange/exchange.ts'
import { refusals, serve } from '../exchange/serve.ts'
import { fieldsToRemove } from '../forward/header-filter.ts'
import { originalRequest } from './original-request.ts'

/** @param connections of this listener alone: its limits are separate from those of the traffic listener. */
export function createExternalAuthListener(
  connections: Connections,
  policy: ExternalAuthPolicy,
  shared: ExchangeDeps,
): ClientListener {
  const deps: ExchangeDeps = { ...shared, isExternalAuth: true }
  return new ClientListener({
    connections,
    policy: () => ofThisListener(deps.live.settings),
    tls: undefined,
    onRequest: (request, response) => {
      void serveAuthorization(request, response, policy, deps)
    },
    ...refusals(deps),
  })
}

async function serveAuthorization(
  request: ClientRequest,
  response: ClientResponse,
  policy: ExternalAuthPolicy,
  deps: ExchangeDeps,
): Promise<void> {
  const original = originalRequest(request.head, policy)
  const head = original.ok ? original.value : request.head
  const exchange = new Exchange(head, { request, response }, deps.capacity, deps.clock)
  exchange.facts.isExternalAuth = deps.isExternalAuth
  await serve(exchange, deps, async (config) => {
    const effects = new AdmissionIo(request, response, exchange, config, deps)
    const verdict = await authorize(original, policy, config, effects, exchange)
    if (verdict.ok) exchange.status = permit(response, verdict.value, policy)
    else {
      exchange.refuse(verdict.reason)
      deps.unlistedCalls.refused(exchange, config.settings)
    }
    exchange.diagnose(deps.diagnosisBudget)
  })
}

/** @param original the result of `originalRequest` for the authorization request. */
async function authorize(
  original: Verdict<RequestHead>,
  { protocol }: ExternalAuthPolicy,
  { settings }: ActiveConfig,
  effects: AdmissionIo,
  { facts }: Exchange,
): Promise<Verdict<AdmittedRequest | PassthroughRequest>> {
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

/** This listener accepts plain HTTP only, even if the traffic listener expects the PROXY protocol. */
function ofThisListener({ policy }: Settings): Policy {
  return { ...policy, speaksProxyProtocol: false }
}

/**
 * @param accepted its type ensures that the request passed all checks: no other request gets a 200.
 * @returns the status sent.
 */
function permit(
  response: ClientResponse,
  { head, kind }: AdmittedRequest | PassthroughRequest,
  { protocol }: ExternalAuthPolicy,
): number {
  const headers = ['Cache-Control', 'no-store', 'Content-Length', '0']
  const remove = fieldsToRemove(head.rawHeaders, kind === 'admitted', protocol)
  // Envoy strips the headers that this one names (ext_authz filter, "Authorization response").
  if (remove.length > 0) headers.push('x-envoy-auth-headers-to-remove', remove.join(','))
  response.start(200, headers, { kind: 'none' })
  response.end()
  return 200
}
