/**
 * Ends exchanges that have stopped: a client that takes nothing of an answer or of its WebSocket, or
 * sends nothing of a body that is streamed through, or an app that takes nothing of it. A body that
 * is read here has its own, finer watch (body-pace.ts).
 */
import type { Server } from 'node:http'

import { GatewayFault, type FaultCode } from '../admit/faults.ts'
import type { LimitsPolicy } from '../admit/policy.ts'
import { cutShort } from './cut-short.ts'
import type { Exchanges, OpenExchange } from './exchanges.ts'

type ProgressLimits = Pick<LimitsPolicy, 'responseStallTimeoutMs' | 'bodyIdleTimeoutMs'>

interface Progress {
  bytesRead: number
  readMs: number
  bytesWritten: number
  writtenMs: number
}

/** @param limits asked for each time, since a reload may change them. */
export function watchProgress(
  server: Server,
  exchanges: Exchanges,
  limits: () => ProgressLimits,
): void {
  const seen = new WeakMap<OpenExchange, Progress>()
  const look = () => {
    for (const entry of exchanges) cutIfStopped(entry, seen, limits())
    timer = schedule()
  }
  const schedule = () => setTimeout(look, lookEveryMs(limits())).unref()
  let timer = schedule()
  server.once('close', () => {
    clearTimeout(timer)
  })
}

function lookEveryMs({ responseStallTimeoutMs, bodyIdleTimeoutMs }: ProgressLimits): number {
  return Math.min(responseStallTimeoutMs, bodyIdleTimeoutMs, 4000) / 4
}

function cutIfStopped(
  entry: OpenExchange,
  seen: WeakMap<OpenExchange, Progress>,
  limits: ProgressLimits,
): void {
  const nowMs = performance.now()
  const progress = seen.get(entry) ?? start(entry, nowMs)
  seen.set(entry, progress)
  const fault =
    answerStoppedBy(entry, progress, nowMs, limits) ?? bodyStoppedBy(entry, progress, nowMs, limits)
  if (fault === undefined) return
  entry.exchange.cut(new GatewayFault(fault))
  if (entry.response?.headersSent === true) cutShort(entry.response)
}

function start({ request }: OpenExchange, nowMs: number): Progress {
  const { bytesRead } = request.socket
  return { bytesRead, readMs: nowMs, bytesWritten: 0, writtenMs: nowMs }
}

/** Also notes what has moved since the last look. */
function answerStoppedBy(
  { request: { socket }, response }: OpenExchange,
  progress: Progress,
  nowMs: number,
  limits: ProgressLimits,
): FaultCode | undefined {
  const { writableLength = 0, writableNeedDrain = false } = response ?? {}
  const flushed = socket.bytesWritten - socket.writableLength - writableLength
  const isWaiting = writableNeedDrain || socket.writableLength > 0
  if (!isWaiting || flushed !== progress.bytesWritten) {
    progress.bytesWritten = flushed
    progress.writtenMs = nowMs
  }
  const isStopped = nowMs - progress.writtenMs > limits.responseStallTimeoutMs
  return isStopped ? 'downstream_stalled' : undefined
}

/** Also notes what has moved since the last look. */
function bodyStoppedBy(
  { request, response, exchange }: OpenExchange,
  progress: Progress,
  nowMs: number,
  limits: ProgressLimits,
): FaultCode | undefined {
  const isStreamed =
    response !== undefined && exchange.facts.route?.kind === 'passthrough' && !request.complete
  const { bytesRead } = request.socket
  if (!isStreamed || bytesRead !== progress.bytesRead) {
    progress.bytesRead = bytesRead
    progress.readMs = nowMs
  }
  const silenceMs = nowMs - progress.readMs
  // What waits here to be passed on is held up by the app. Nothing is read meanwhile, so that the
  // client may be gone without anybody noticing.
  if (request.readableLength > 0) {
    return silenceMs > limits.responseStallTimeoutMs ? 'upstream_timeout' : undefined
  }
  return silenceMs > limits.bodyIdleTimeoutMs ? 'downstream_idle' : undefined
}
