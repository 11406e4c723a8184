/** Serves one request: one decision and one record. It is checked, and forwarded if it is admitted. */
import type { ClientRequest } from '../accept/client-request.ts'
import type { ClientResponse } from '../accept/client-response.ts'
import { admit, type AdmittedRequest, type PassthroughRequest } from '../admit/admit.ts'
import { findRoute, splitTarget } from '../admit/checks/route.ts'
import { isOfDurableEndpoint } from '../admit/durable-sign.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import { redirectedTarget, targetName } from '../inngest/redirect-target.ts'
import { sdkHeader } from '../inngest/sdk-version.ts'
import type { ActiveConfig } from './active-config.ts'
import { awaitTurn, gateOf } from './await-turn.ts'
import { AdmissionIo } from './admission-io.ts'
import type { ExchangeDeps } from './deps.ts'
import { Exchange } from './exchange.ts'
import { releaseClaim } from './release-claim.ts'
import { serve } from './serve.ts'

export async function serveRequest(
  request: ClientRequest,
  response: ClientResponse,
  deps: ExchangeDeps,
): Promise<void> {
  const client = { request, response }
  const exchange = new Exchange(request.head, client, deps.capacity, deps.clock)
  await serve(exchange, deps, (config) => respond(request, response, exchange, config, deps))
}

async function respond(
  request: ClientRequest,
  response: ClientResponse,
  exchange: Exchange,
  config: ActiveConfig,
  deps: ExchangeDeps,
): Promise<void> {
  const { head, facts } = exchange
  const { policy } = config.settings
  const effects = new AdmissionIo(request, response, exchange, config, deps)
  const verdict = await admit({ head, policy, delivery: 'inline', effects, facts })
  if (!verdict.ok) {
    exchange.refuse(verdict.reason)
    deps.unlistedCalls.refused(exchange, config.settings)
    exchange.diagnose(deps.diagnosisBudget)
    return
  }
  const accepted = verdict.value
  const turn = accepted.kind === 'admitted' ? takeTurn(accepted, response, exchange, deps) : true
  if (turn !== true && !(await turn)) return
  if (deps.recordings.isActive && accepted.kind === 'admitted') {
    deps.recordings.add(accepted, facts, deps.clock.nowMs())
  }
  exchange.upstreamCalled()
  try {
    const responded =
      accepted.kind === 'admitted'
        ? forwardAdmitted(accepted, response, exchange, config, deps)
        : forwardPassthrough(accepted, request, response, exchange, config)
    exchange.diagnose(deps.diagnosisBudget)
    exchange.upstreamResponded(await responded)
  } catch (thrown) {
    exchange.upstreamFailed()
    const isUnsent = thrown instanceof GatewayFault && thrown.isUnsent
    if (isUnsent && accepted.kind === 'admitted') await releaseClaim(accepted, exchange, deps)
    throw thrown
  }
}

/** @returns whether the request may be forwarded; if not, a response was sent. */
function takeTurn(
  admitted: AdmittedRequest,
  response: ClientResponse,
  exchange: Exchange,
  deps: ExchangeDeps,
): true | Promise<boolean> {
  const gate = gateOf(admitted, exchange.facts, deps)
  if (gate === undefined || gate.tryEnter(exchange.hold)) return true
  return awaitTurn(gate, admitted, response, exchange, deps).then((refusal) => {
    if (refusal === undefined) return true
    exchange.refuse(refusal)
    exchange.diagnose(deps.diagnosisBudget)
    return false
  })
}

function forwardAdmitted(
  admitted: AdmittedRequest,
  response: ClientResponse,
  exchange: Exchange,
  { settings, forwarder }: ActiveConfig,
  deps: ExchangeDeps,
): Promise<number> {
  const requestId = exchange.facts.signedRequestId ?? exchange.requestId
  return forwarder.forward(admitted, requestId, response, {
    onBodySent: () => {
      exchange.hold.releaseBytes()
    },
    onResponse: (rawHeaders) => {
      exchange.facts.sdk = sdkHeader(rawHeaders)
    },
    onRedirect: (location) => rearm(admitted, location, settings.policy.routes, exchange, deps),
    onCuttable: (call) => {
      exchange.call = call
    },
  })
}

function forwardPassthrough(
  accepted: PassthroughRequest,
  request: ClientRequest,
  response: ClientResponse,
  exchange: Exchange,
  { passthrough }: ActiveConfig,
): Promise<number> {
  return passthrough.forward(accepted, exchange.requestId, request, response, {
    onCuttable: (call) => {
      exchange.call = call
    },
    onResponse: (status, rawHeaders) => {
      const { facts } = exchange
      const isOpen = facts.route?.kind === 'passthrough'
      if (isOpen && isOfDurableEndpoint(status, rawHeaders)) facts.durableSign = 'response'
    },
    onTunnel: (app) => {
      exchange.tunnel = app
    },
  })
}

/** Before Inngest gets the redirect, because it may follow it before the whole response is written. */
async function rearm(
  { head, host, route }: AdmittedRequest,
  location: string,
  routes: readonly RoutePolicy[],
  { facts, owner }: Exchange,
  { replay, clock }: ExchangeDeps,
): Promise<void> {
  const { claimed } = facts
  if (claimed === undefined) return
  const { path, query } = splitTarget(head.target)
  const call = { method: head.method, host, path, query }
  const target = redirectedTarget(call, location, route.serveOrigin?.host)
  if (target === undefined) {
    facts.redirect = 'not_rearmed'
    return
  }
  // A passthrough route would forward the call to the app unverified, and a claim is only valid for routes of
  // one kind.
  if (findRoute(routes, target.host, target.path)?.kind !== route.kind) {
    facts.redirect = 'not_served'
    facts.unserved = target
    return
  }
  try {
    const rearmed = { ...claimed, owner }
    const isRearmed = await replay.rearm(rearmed, targetName(target), clock.nowMs())
    facts.redirect = isRearmed ? 'rearmed' : 'not_rearmed'
  } catch {
    // The call that follows is refused, and Inngest signs its retry anew.
    facts.redirect = 'not_rearmed'
  }
}
