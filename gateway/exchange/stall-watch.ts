/**
 * Ends exchanges that have stopped: a client that takes nothing of a response or of its WebSocket, or sends nothing
 * of a body that is streamed through, or an app that takes nothing of it. A body that is read here has its own, finer
 * watch (body-pace.ts).
 */
import type { OpenList } from '../accept/open-list.ts'
import { GatewayFault, type FaultCode } from '../admit/faults.ts'
import type { LimitsPolicy } from '../admit/policy.ts'
import type { Exchange } from './exchange.ts'

type StallLimits = Pick<LimitsPolicy, 'responseStallTimeoutMs' | 'bodyIdleTimeoutMs'>

/** For how long bytes that should move have not moved. */
class Silence {
  #bytes = 0
  #sinceMs = 0

  /** @param isExpected whether any should move now. @param bytes that have moved in all. */
  lastsMs(isExpected: boolean, bytes: number, nowMs: number): number {
    if (!isExpected || bytes !== this.#bytes || this.#sinceMs === 0) {
      this.#bytes = bytes
      this.#sinceMs = nowMs
    }
    return nowMs - this.#sinceMs
  }
}

interface Silences {
  readonly body: Silence
  readonly response: Silence
  readonly tunnel: Silence
}

/**
 * @param limits asked for each time, since a reload may change them.
 * @returns what stops it.
 */
export function watchStalls(open: OpenList<Exchange>, limits: () => StallLimits): () => void {
  const seen = new WeakMap<Exchange, Silences>()
  const look = () => {
    for (const exchange of [...open]) cutIfStopped(exchange, seen, limits())
    timer = schedule()
  }
  const schedule = () => setTimeout(look, lookEveryMs(limits())).unref()
  let timer = schedule()
  return () => {
    clearTimeout(timer)
  }
}

function lookEveryMs({ responseStallTimeoutMs, bodyIdleTimeoutMs }: StallLimits): number {
  return Math.min(responseStallTimeoutMs, bodyIdleTimeoutMs, 4000) / 4
}

function cutIfStopped(
  exchange: Exchange,
  seen: WeakMap<Exchange, Silences>,
  limits: StallLimits,
): void {
  const nowMs = performance.now()
  const silences = seen.get(exchange) ?? {
    body: new Silence(),
    response: new Silence(),
    tunnel: new Silence(),
  }
  seen.set(exchange, silences)
  const fault =
    responseStoppedBy(exchange, silences, nowMs, limits) ??
    bodyStoppedBy(exchange, silences, nowMs, limits) ??
    tunnelStoppedBy(exchange, silences, nowMs, limits)
  if (fault !== undefined) exchange.cut(new GatewayFault(fault))
}

function responseStoppedBy(
  { client: { response } }: Exchange,
  { response: silence }: Silences,
  nowMs: number,
  { responseStallTimeoutMs }: StallLimits,
): FaultCode | undefined {
  const { waitingBytes = 0, connectionBytesSent = 0 } = response ?? {}
  const silentMs = silence.lastsMs(waitingBytes > 0, connectionBytesSent, nowMs)
  return silentMs > responseStallTimeoutMs ? 'downstream_stalled' : undefined
}

function bodyStoppedBy(
  { client: { request }, facts }: Exchange,
  { body: silence }: Silences,
  nowMs: number,
  { responseStallTimeoutMs, bodyIdleTimeoutMs }: StallLimits,
): FaultCode | undefined {
  const isOpen = facts.route?.kind === 'passthrough' || facts.durable === 'user'
  const isStreamed = request?.isComplete === false && isOpen
  const silentMs = silence.lastsMs(isStreamed, request?.connectionBytesRead ?? 0, nowMs)
  // What waits here to be passed on is held up by the app.
  if (request !== undefined && !request.isReading) {
    return silentMs > responseStallTimeoutMs ? 'upstream_timeout' : undefined
  }
  return silentMs > bodyIdleTimeoutMs ? 'downstream_idle' : undefined
}

/** An app that reads nothing of its WebSocket. */
function tunnelStoppedBy(
  { tunnel }: Exchange,
  { tunnel: silence }: Silences,
  nowMs: number,
  { responseStallTimeoutMs }: StallLimits,
): FaultCode | undefined {
  const { writableLength = 0, bytesWritten = 0 } = tunnel ?? {}
  const silentMs = silence.lastsMs(writableLength > 0, bytesWritten - writableLength, nowMs)
  return silentMs > responseStallTimeoutMs ? 'upstream_timeout' : undefined
}
