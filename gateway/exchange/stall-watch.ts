/**
 * Ends stalled exchanges: a client that reads nothing of a response or of its WebSocket, or sends nothing of a
 * streamed body, or an app that reads nothing of that body. A body that is read here has a stricter check of
 * its own (body-pace.ts).
 */
import type { OpenList } from '../accept/open-list.ts'
import { GatewayFault, type FaultCode } from '../admit/faults.ts'
import type { LimitsPolicy } from '../admit/policy.ts'
import type { Exchange } from './exchange.ts'

type StallLimits = Pick<LimitsPolicy, 'responseStallTimeoutMs' | 'bodyIdleTimeoutMs'>

/** Measures for how long no bytes have moved. */
class Silence {
  #bytes = 0
  #sinceMs = 0

  /**
   * @param isExpected whether bytes should move now.
   * @param bytes total number of bytes that have moved.
   */
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
 * @param limits is called each time, because a reload may change the limits.
 * @returns a function that stops the watch.
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
  // If received bytes wait to be forwarded, the app is the one that stalls.
  if (request !== undefined && !request.isReading) {
    return silentMs > responseStallTimeoutMs ? 'upstream_timeout' : undefined
  }
  return silentMs > bodyIdleTimeoutMs ? 'downstream_idle' : undefined
}

/** The app reads nothing of its WebSocket. */
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
