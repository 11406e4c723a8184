/**
 * Stops the listeners without losing a call. First everything is still served, and each answer ends
 * its connection, so that a load balancer can take its leave (node issue 60617: closing at once
 * resets connections that are just being used); then nothing new is taken and calls in flight are
 * awaited.
 */
import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { Connections } from './connections.ts'
import type { Exchanges } from '../exchange/exchanges.ts'
import type { LiveSnapshot } from '../exchange/active-config.ts'

export interface DrainedListener {
  readonly server: Server
  readonly connections: Connections
  /** Takes nothing new. @returns when every connection has ended. */
  readonly close: () => Promise<unknown>
}

export interface DrainParts {
  readonly listeners: readonly DrainedListener[]
  readonly exchanges: Exchanges
  readonly live: LiveSnapshot
  readonly logger: Logger
}

export interface DrainTimes {
  readonly delayMs: number
  readonly drainTimeoutMs: number
}

/** No process is kept for a wait alone. */
const unref = { ref: false }

const IDLE_SWEEP_MS = 100
const PROGRESS_EVERY_MS = 10_000
const END_LOOK_MS = 10
const LONGEST_END_MS = 1000

/** @returns how many calls had to be cut off. */
export async function drain(parts: DrainParts, times: DrainTimes): Promise<number> {
  const { listeners, live, logger } = parts
  endWithAnswers(parts)
  const progress = setInterval(() => {
    logger.info({ requests_in_flight: live.requestsInFlight }, 'still draining')
  }, PROGRESS_EVERY_MS)
  try {
    await delay(times.delayMs, undefined, unref)
    if (await closesWithin(parts, times.drainTimeoutMs)) return 0
  } finally {
    clearInterval(progress)
  }
  const requestsAborted = live.requestsInFlight
  for (const { connections } of listeners) connections.destroyAll()
  // Each of them has a record to write, when it finds its connection gone.
  for (let waitedMs = 0; live.requestsInFlight > 0 && waitedMs < LONGEST_END_MS;) {
    await delay(END_LOOK_MS)
    waitedMs += END_LOOK_MS
  }
  return requestsAborted
}

function endWithAnswers({ listeners, exchanges }: DrainParts): void {
  for (const { connections } of listeners) connections.areEnding = true
  for (const { exchange, request, response } of exchanges) {
    // Of several on one connection the last: behind an earlier one their answers would be lost.
    const isLast = exchanges.on(request.socket) === exchange
    if (!isLast || !response) continue
    // Only the listener that has the connection goes by it.
    for (const { connections } of listeners) connections.endWith(response)
  }
}

async function closesWithin(
  { listeners, exchanges }: DrainParts,
  timeoutMs: number,
): Promise<boolean> {
  const closed = Promise.all(listeners.map((listener) => listener.close()))
  for (const { connections } of listeners) connections.takeNothingNew = true
  // A connection whose call has ended would otherwise be kept for the client's next one.
  const sweep = setInterval(() => {
    for (const { server, connections } of listeners) {
      server.closeIdleConnections()
      connections.closeUnused(exchanges)
    }
  }, IDLE_SWEEP_MS)
  const isClosed = await Promise.race([closed.then(() => true), delay(timeoutMs, false, unref)])
  clearInterval(sweep)
  return isClosed
}
