/**
 * Stops the listeners without losing a call. First, requests are still served and each response ends its
 * connection, so that a load balancer has time to choose another gateway (node issue 60617: closing at once
 * resets connections that are in use). Then no new connections are accepted, and calls in progress are awaited.
 */
import { setTimeout as delay } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { Connections } from '../accept/connections.ts'
import type { LiveConfig } from './active-config.ts'
import type { AppGates } from './app-gates.ts'

export interface DrainedListener {
  readonly connections: Connections
  /**
   * Accepts no new connections.
   * @returns when every connection has ended.
   */
  readonly close: () => Promise<unknown>
}

export interface DrainParts {
  readonly listeners: readonly DrainedListener[]
  readonly live: LiveConfig
  readonly gates: Pick<AppGates, 'endWaitsWithin'>
  readonly logger: Logger
}

export interface DrainTimes {
  readonly delayMs: number
  readonly drainTimeoutMs: number
}

/** The wait alone must not keep the process alive. */
const unref = { ref: false }

/** The share of the time in which calls may wait for their turn. They have the rest to be processed. */
const WAITING_SHARE = 1 / 2

const IDLE_SWEEP_MS = 100
const PROGRESS_EVERY_MS = 10_000
const END_LOOK_MS = 10
const LONGEST_END_MS = 1000

/** @returns the number of calls that were cut off. */
export async function drain(parts: DrainParts, times: DrainTimes): Promise<number> {
  const { listeners, live, gates, logger } = parts
  for (const { connections } of listeners) connections.areEnding = true
  const progress = setInterval(() => {
    logger.info({ requests_in_flight: live.requestsInFlight }, 'still draining')
  }, PROGRESS_EVERY_MS)
  try {
    await delay(times.delayMs, undefined, unref)
    gates.endWaitsWithin(times.drainTimeoutMs * WAITING_SHARE)
    if (await closesWithin(parts, times.drainTimeoutMs)) return 0
  } finally {
    clearInterval(progress)
  }
  const requestsAborted = live.requestsInFlight
  for (const { connections } of listeners) connections.destroyAll()
  // Each of these calls writes a record when it notices that its connection is closed.
  for (let waitedMs = 0; live.requestsInFlight > 0 && waitedMs < LONGEST_END_MS;) {
    await delay(END_LOOK_MS)
    waitedMs += END_LOOK_MS
  }
  return requestsAborted
}

async function closesWithin({ listeners }: DrainParts, timeoutMs: number): Promise<boolean> {
  const closed = Promise.all(listeners.map((listener) => listener.close()))
  for (const { connections } of listeners) connections.takeNothingNew = true
  const closeUnused = () => {
    for (const { connections } of listeners) connections.closeUnused()
  }
  closeUnused()
  // Otherwise a connection whose call has ended would be kept for the client's next call.
  const sweep = setInterval(closeUnused, IDLE_SWEEP_MS)
  const isClosed = await Promise.race([closed.then(() => true), delay(timeoutMs, false, unref)])
  clearInterval(sweep)
  return isClosed
}
