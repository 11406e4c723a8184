/** One request in, one decision, one record. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { admit, type AdmittedRequest } from '../admit/admit.ts'
import type { RequestHead } from '../admit/request-head.ts'
import { findRoute, splitTarget } from '../admit/checks/route.ts'
import { faults, GatewayFault, messageFor } from '../admit/faults.ts'
import { redirectedTarget, targetName } from '../inngest/redirect-target.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import { reasons } from '../admit/reasons.ts'
import { refuse } from '../admit/verdict.ts'
import { HeadEffects, RequestEffects } from './admission-io.ts'
import { Exchange } from './exchange.ts'
import { releaseClaim } from './release-claim.ts'
import { sendOnSocket, sendRefusal } from './error-response.ts'
import { runExchange } from './serve.ts'
import type { Snapshot } from './active-config.ts'
import type { TrafficParts } from './traffic-parts.ts'

export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
  parts: TrafficParts,
): Promise<void> {
  const exchange = new Exchange(head, parts.capacity, parts.clock)
  await runExchange(request, response, exchange, parts, (snapshot) =>
    answer(request, response, exchange, snapshot, parts),
  )
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  snapshot: Snapshot,
  parts: TrafficParts,
): Promise<void> {
  const { settings, forwarder, passthrough } = snapshot
  const { head, facts, hold, requestId } = exchange
  const effects = new RequestEffects(request, response, exchange, snapshot, parts)
  const judged = await admit({
    head,
    policy: settings.policy,
    delivery: 'inline',
    effects,
    facts,
  })
  const brokenBy = exchange.decided()
  // Nobody has read the body of a request that is passed through, and so met with what is wrong in it.
  const isWhole = brokenBy === undefined || request.complete
  const verdict = judged.ok && !isWhole ? refuse(brokenBy) : judged
  if (!verdict.ok) {
    exchange.refusal = verdict.reason
    exchange.status = sendRefusal(response, verdict.reason, exchange.answerTo)
    exchange.diagnose(parts.diagnosisBudget)
    // What was read of the body is of no use to anybody any more.
    hold.releaseBytes()
    return
  }
  const accepted = verdict.value
  const answered = exchange.timeUpstream(() =>
    accepted.kind === 'admitted'
      ? forwarder.forward(accepted, facts.signedRequestId ?? requestId, response, {
          onBodySent: () => {
            hold.releaseBytes()
          },
          onRedirect: (location) =>
            rearm(accepted, location, settings.policy.routes, exchange, parts),
        })
      : passthrough.forward(accepted, requestId, request, response, (cut) => {
          exchange.onCut = cut
        }),
  )
  exchange.diagnose(parts.diagnosisBudget)
  try {
    await answered
  } catch (thrown) {
    const isUnsent = thrown instanceof GatewayFault && thrown.isUnsent
    if (isUnsent && accepted.kind === 'admitted') await releaseClaim(accepted, exchange, parts)
    throw thrown
  }
}

/** Before Inngest is told where to go: it may be there before an answer is written to the end. */
async function rearm(
  { head, host }: AdmittedRequest,
  location: string,
  routes: readonly RoutePolicy[],
  { facts, owner }: Exchange,
  { replay, clock }: TrafficParts,
): Promise<void> {
  const { claimed } = facts
  if (claimed === undefined) return
  const { path, query } = splitTarget(head.target)
  const target = redirectedTarget({ method: head.method, host, path, query }, location)
  if (target === undefined) {
    facts.redirect = 'not_rearmed'
    return
  }
  // A passthrough route would hand the call to the app unverified.
  if (findRoute(routes, target.host, target.path)?.kind !== 'inngest') {
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

/** For a request that wants the connection for something else: a WebSocket, or a tunnel. */
export async function handleUpgrade(
  request: IncomingMessage,
  socket: Socket,
  firstBytes: Buffer,
  head: RequestHead,
  parts: TrafficParts,
): Promise<void> {
  const exchange = new Exchange(head, parts.capacity, parts.clock)
  const snapshot = parts.live.enter()
  const { settings, passthrough } = snapshot
  const entry = { exchange, request, response: undefined }
  parts.exchanges.add(entry)
  exchange.onCut = () => {
    socket.destroy()
  }
  // Before anything else of it: the library and Node may both let it break unheard.
  socket.on('error', () => undefined)
  try {
    const { facts } = exchange
    const effects = new HeadEffects(exchange, parts)
    const verdict = await admit({
      head,
      policy: settings.policy,
      delivery: 'inline',
      effects,
      facts,
    })
    if (!verdict.ok) {
      exchange.refusal = verdict.reason
      const { status } = reasons[verdict.reason]
      exchange.status = sendOnSocket(socket, status, undefined, exchange.answerTo)
      return
    }
    const accepted = verdict.value
    if (accepted.kind === 'admitted') throw new Error('an upgrade came to an Inngest route')
    await exchange.timeUpstream(() =>
      passthrough.upgrade(accepted, exchange.requestId, request, socket, firstBytes, (fault) => {
        const { status } = faults[fault.code]
        exchange.status = sendOnSocket(socket, status, messageFor(fault.code), exchange.answerTo)
      }),
    )
  } catch (thrown) {
    exchange.failed(thrown)
    socket.destroy()
  } finally {
    parts.exchanges.remove(entry)
    exchange.end(parts.recorder)
    snapshot.leave()
  }
}
