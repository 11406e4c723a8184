/** The listener that faces Inngest: one request in, one decision, one record. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import type { Logger } from 'pino'

import { admit, type Effects, type Findings } from '../admit.ts'
import { fieldValues, type RequestHead } from '../checks/request-head.ts'
import type { Settings } from '../config/compile.ts'
import { GatewayFault, toFault } from '../errors.ts'
import type { Clock } from '../observe/clock.ts'
import type { Metrics } from '../observe/metrics.ts'
import { record } from '../observe/record.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { Reason } from '../verdict.ts'
import { readBody } from './body-reader.ts'
import type { Forwarder } from './forwarder.ts'
import { sendFault, sendRefusal } from './responder.ts'

export interface TrafficParts {
  readonly settings: Settings
  readonly forwarder: Forwarder
  readonly replay: ReplayStore
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}

export function createTrafficServer(parts: TrafficParts): Server {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    void handleRequest(request, response, parts)
  }
  const { headersTimeoutMs } = parts.settings.config.limits
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    // The body has a time of its own (body-reader.ts).
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 1000),
  })
  // 0 shows all: a limit of Node's own would drop fields in silence (CVE-2026-58044).
  server.maxHeadersCount = 0
  server.on('request', handle).on('checkContinue', handle)
  return server
}

interface Outcome {
  refusal?: Reason
  fault?: GatewayFault
  status?: number | undefined
  upstreamStatus?: number
  upstreamDurationMs?: number
}

async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  parts: TrafficParts,
): Promise<void> {
  const { clock, metrics, logger } = parts
  const startedMs = clock.monotonicMs()
  const head = readHead(request)
  const requestId = requestIdOf(head)
  const findings: Findings = {}
  const outcome: Outcome = {}
  metrics.inFlight.inc()
  response.on('error', () => undefined)
  try {
    await decide(request, response, head, requestId, findings, outcome, parts)
  } catch (thrown) {
    outcome.fault = toFault(thrown)
    outcome.status = sendFault(response, outcome.fault, { method: head.method, requestId })
  } finally {
    metrics.inFlight.dec()
    const durationMs = clock.monotonicMs() - startedMs
    record(
      {
        requestId,
        head,
        findings,
        refusal: outcome.refusal,
        fault: outcome.fault,
        status: outcome.status,
        upstreamStatus: outcome.upstreamStatus,
        durationMs,
        upstreamDurationMs: outcome.upstreamDurationMs,
      },
      logger,
      metrics,
    )
  }
}

async function decide(
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
  requestId: string,
  findings: Findings,
  outcome: Outcome,
  parts: TrafficParts,
): Promise<void> {
  const { settings, clock, forwarder } = parts
  const verdict = await admit(head, settings.policy, effectsOf(request, response, parts), findings)
  if (!verdict.ok) {
    outcome.refusal = verdict.reason
    outcome.status = sendRefusal(response, verdict.reason, { method: head.method, requestId })
    return
  }
  const sentMs = clock.monotonicMs()
  try {
    outcome.upstreamStatus = await forwarder.forward(verdict.value, requestId, response)
    outcome.status = outcome.upstreamStatus
  } finally {
    outcome.upstreamDurationMs = clock.monotonicMs() - sentMs
  }
}

function effectsOf(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, clock, replay }: TrafficParts,
): Effects {
  return {
    nowMs: () => clock.nowMs(),
    readBody: () => readBody(request, response, settings.policy.limits),
    claim: async (claim, nowMs) => {
      try {
        return await replay.claim(claim, nowMs)
      } catch (error) {
        throw new GatewayFault('replay_store_unavailable', error)
      }
    },
  }
}

function readHead(request: IncomingMessage): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    remoteAddress: request.socket.remoteAddress,
  }
}

/** Inngest's own id where it is a plain one, so that its traces and this log can be matched. */
function requestIdOf(head: RequestHead): string {
  const [id, ...others] = fieldValues(head.rawHeaders, 'x-request-id')
  return id !== undefined && others.length === 0 && /^[\w.-]{1,128}$/.test(id) ? id : randomUUID()
}
