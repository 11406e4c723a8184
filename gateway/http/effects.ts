/** What a request may do to the world while it is being judged. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Effects } from '../admit.ts'
import { GatewayFault } from '../errors.ts'
import type { Reason } from '../reasons.ts'
import { readBody } from './body-reader.ts'
import type { Exchange } from './exchange.ts'
import type { Snapshot } from './snapshot.ts'
import type { TrafficParts } from './traffic-parts.ts'
import { whileConnected } from './while-connected.ts'

/** The steps of `admit` that touch the world, for one request. */
export function effectsOf(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  { settings }: Snapshot,
  parts: TrafficParts,
): Effects {
  const { hold } = exchange
  const source = {
    request,
    response,
    paces: parts.paces,
    reserve: (bytes: number) => hold.reserve(bytes),
    onInterruptible: (interrupt: ((reason: Reason) => void) | undefined) => {
      exchange.setInterrupt(interrupt)
    },
  }
  return {
    ...effectsWithoutBody(exchange, parts),
    readBody: () => readBody(source, settings.policy.limits),
    canonicalize: (body) =>
      whileConnected(response, (signal) => parts.canonicals.canonicalize(body, signal)),
  }
}

/** For an upgrade. */
export function effectsWithoutBody({ hold }: Exchange, { clock, replay }: TrafficParts): Effects {
  const rejectBody = () => Promise.reject(new Error('an upgrade has no body'))
  return {
    nowMs: () => clock.nowMs(),
    enter: (kind) => hold.enter(kind === 'inngest'),
    readBody: rejectBody,
    canonicalize: rejectBody,
    claim: async (claim, target, nowMs) => {
      try {
        return await replay.claim(claim, target, nowMs)
      } catch (error) {
        throw new GatewayFault('replay_store_unavailable', error)
      }
    },
  }
}
