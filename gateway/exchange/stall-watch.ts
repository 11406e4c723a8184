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

interface Progress {
  bytesRead: number
  readMs: number
  bytesSent: number
  sentMs: number
  bytesTunneled: number
  tunneledMs: number
}

/**
 * @param limits asked for each time, since a reload may change them.
 * @returns what stops it.
 */
export function watchStalls(open: OpenList<Exchange>, limits: () => StallLimits): () => void {
  const seen = new WeakMap<Exchange, Progress>()
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
  seen: WeakMap<Exchange, Progress>,
  limits: StallLimits,
): void {
  const nowMs = performance.now()
  const { request } = exchange.client
  const bytesRead = request?.connectionBytesRead ?? 0
  const progress = seen.get(exchange) ?? start(bytesRead, nowMs)
  seen.set(exchange, progress)
  const fault =
    responseStoppedBy(exchange, progress, nowMs, limits) ??
    bodyStoppedBy(exchange, progress, nowMs, limits) ??
    tunnelStoppedBy(exchange, progress, nowMs, limits)
  if (fault !== undefined) exchange.cut(new GatewayFault(fault))
}

function start(bytesRead: number, nowMs: number): Progress {
  return {
    bytesRead,
    readMs: nowMs,
    bytesSent: 0,
    sentMs: nowMs,
    bytesTunneled: 0,
    tunneledMs: nowMs,
  }
}

/** Also notes what has moved since the last look. */
function responseStoppedBy(
  { client: { response } }: Exchange,
  progress: Progress,
  nowMs: number,
  limits: StallLimits,
): FaultCode | undefined {
  const bytesSent = response?.connectionBytesSent ?? 0
  const isWaiting = response !== undefined && response.waitingBytes > 0
  if (!isWaiting || bytesSent !== progress.bytesSent) {
    progress.bytesSent = bytesSent
    progress.sentMs = nowMs
  }
  return nowMs - progress.sentMs > limits.responseStallTimeoutMs ? 'downstream_stalled' : undefined
}

/** Also notes what has moved since the last look. */
function bodyStoppedBy(
  { client: { request }, facts }: Exchange,
  progress: Progress,
  nowMs: number,
  limits: StallLimits,
): FaultCode | undefined {
  const isStreamed = request?.isComplete === false && facts.route?.kind === 'passthrough'
  const bytesRead = request?.connectionBytesRead ?? 0
  if (!isStreamed || bytesRead !== progress.bytesRead) {
    progress.bytesRead = bytesRead
    progress.readMs = nowMs
  }
  const silenceMs = nowMs - progress.readMs
  // What waits here to be passed on is held up by the app.
  if (request !== undefined && !request.isReading) {
    return silenceMs > limits.responseStallTimeoutMs ? 'upstream_timeout' : undefined
  }
  return silenceMs > limits.bodyIdleTimeoutMs ? 'downstream_idle' : undefined
}

/** An app that reads nothing of its WebSocket. Also notes what has moved since the last look. */
function tunnelStoppedBy(
  { tunnel }: Exchange,
  progress: Progress,
  nowMs: number,
  limits: StallLimits,
): FaultCode | undefined {
  const { writableLength = 0, bytesWritten = 0 } = tunnel ?? {}
  const bytesTunneled = bytesWritten - writableLength
  if (writableLength === 0 || bytesTunneled !== progress.bytesTunneled) {
    progress.bytesTunneled = bytesTunneled
    progress.tunneledMs = nowMs
  }
  return nowMs - progress.tunneledMs > limits.responseStallTimeoutMs
    ? 'upstream_timeout'
    : undefined
}
