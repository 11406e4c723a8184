/**
 * Ends exchanges whose client has stopped: takes nothing of an answer, or sends nothing of a body
 * that is streamed through. A body that is read here has its own, finer watch (body-pace.ts).
 */
import type { Server } from 'node:http'

import { GatewayFault, type FaultCode } from '../errors.ts'
import type { LimitsPolicy } from '../policy.ts'
import type { Exchanges, OpenExchange } from './exchanges.ts'

type ProgressLimits = Pick<LimitsPolicy, 'responseStallTimeoutMs' | 'bodyIdleTimeoutMs'>

interface Progress {
  bytesRead: number
  readMs: number
  bytesWritten: number
  writtenMs: number
}

export function watchProgress(server: Server, exchanges: Exchanges, limits: ProgressLimits): void {
  const seen = new WeakMap<OpenExchange, Progress>()
  const everyMs = Math.min(limits.responseStallTimeoutMs, limits.bodyIdleTimeoutMs, 4000) / 4
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const entry of exchanges) {
      const progress = seen.get(entry) ?? start(entry, nowMs)
      seen.set(entry, progress)
      const fault = stoppedBy(entry, progress, nowMs, limits)
      if (fault === undefined) continue
      entry.exchange.cut(new GatewayFault(fault))
      if (entry.response.headersSent) entry.response.destroy()
    }
  }, everyMs)
  timer.unref()
  server.once('close', () => {
    clearInterval(timer)
  })
}

function start({ request }: OpenExchange, nowMs: number): Progress {
  const { bytesRead } = request.socket
  return { bytesRead, readMs: nowMs, bytesWritten: 0, writtenMs: nowMs }
}

/** Also notes what has moved since the last look. */
function stoppedBy(
  { request, response, exchange }: OpenExchange,
  progress: Progress,
  nowMs: number,
  limits: ProgressLimits,
): FaultCode | undefined {
  const { socket } = request
  const flushed = socket.bytesWritten - socket.writableLength - response.writableLength
  const isWaitingToWrite = response.writableNeedDrain || socket.writableLength > 0
  if (!isWaitingToWrite || flushed !== progress.bytesWritten) {
    progress.bytesWritten = flushed
    progress.writtenMs = nowMs
  }
  // A body that waits here to be passed on is held up by the app, not by its sender.
  const isWaitingToRead =
    exchange.findings.route?.kind === 'passthrough' &&
    !request.complete &&
    request.readableLength === 0
  if (!isWaitingToRead || socket.bytesRead !== progress.bytesRead) {
    progress.bytesRead = socket.bytesRead
    progress.readMs = nowMs
  }
  if (nowMs - progress.writtenMs > limits.responseStallTimeoutMs) return 'downstream_stalled'
  return nowMs - progress.readMs > limits.bodyIdleTimeoutMs ? 'downstream_idle' : undefined
}
