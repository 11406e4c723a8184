/**
 * Stops the listeners without losing a call. First everything is still served, and each response ends its connection,
 * so that a load balancer has time to go elsewhere (node issue 60617: closing at once resets connections that are just
 * being used). Then nothing new is taken, and calls in progress are awaited.
 */
import { setTimeout as delay } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { Connections } from '../accept/connections.ts'
import type { LiveConfig } from './active-config.ts'
import type { AppGates } from './app-gates.ts'

export interface DrainedListener {
  readonly connections: Connections
  /** Takes nothing new. @returns when every connection has ended. */
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

/** No process is kept for a wait alone. */
const unref = { ref: false }

/** Calls that get their turn by then have the rest of the time. */
const WAITING_SHARE = 1 / 2

const IDLE_SWEEP_MS = 100
const PROGRESS_EVERY_MS = 10_000
const END_LOOK_MS = 10
const LONGEST_END_MS = 1000

/** @returns how many calls had to be cut off. */
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
  // Each of them has a record to write, when it finds its connection gone.
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
  // A connection whose call has ended would otherwise be kept for the client's next one.
  const sweep = setInterval(closeUnused, IDLE_SWEEP_MS)
  const isClosed = await Promise.race([closed.then(() => true), delay(timeoutMs, false, unref)])
  clearInterval(sweep)
  return isClosed
}
