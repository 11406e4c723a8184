/** A gateway as one thing that starts, serves and stops; assembled here and nowhere else. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Logger } from 'pino'

import type { Settings } from './config/compile.ts'
import { Forwarder } from './http/forwarder.ts'
import { createOpsServer } from './http/ops-server.ts'
import { createTrafficServer } from './http/traffic-server.ts'
import type { Clock } from './observe/clock.ts'
import { createMetrics, type Metrics } from './observe/metrics.ts'
import { MemoryReplayStore } from './replay/memory-store.ts'
import { version } from './version.ts'

export interface Gateway {
  readonly trafficPort: number
  readonly opsPort: number
  readonly metrics: Metrics
  /** Not ready at once; then no new connection; then waits for calls in flight. */
  stop(): Promise<StopReport>
}

export interface StopReport {
  /** Calls that were cut off when the time was up. */
  readonly callsCut: number
}

export async function startGateway(
  settings: Settings,
  clock: Clock,
  logger: Logger,
): Promise<Gateway> {
  const { config, policy } = settings
  // The second of the start itself is refused too: an earlier process may have served part of it.
  const readyAtSeconds = config.replay.coldStart === 'refuse' ? Math.ceil(clock.nowMs() / 1000) : 0
  const replay = new MemoryReplayStore({
    maxEntries: config.replay.maxEntries,
    remembersFromSeconds: readyAtSeconds,
  })
  const metrics = createMetrics(version, replay, settings.allowlistSources)
  const forwarder = new Forwarder(policy.routes, config.upstream)
  const traffic = createTrafficServer({ settings, forwarder, replay, clock, metrics, logger })
  let isDraining = false
  const ops = createOpsServer(metrics.registry, {
    notReadyBecause: () => {
      if (isDraining) return 'draining'
      return clock.nowMs() < readyAtSeconds * 1000 ? 'starting' : undefined
    },
  })
  try {
    await listen(traffic, config.listen)
    await listen(ops, config.ops)
  } catch (error) {
    // Half a gateway is none: the process ends instead of serving without health or metrics.
    traffic.close()
    throw error
  }
  return {
    trafficPort: portOf(traffic),
    opsPort: portOf(ops),
    metrics,
    stop: async () => {
      isDraining = true
      const callsCut = await drain(traffic, config.shutdown.drainTimeoutMs, metrics)
      await forwarder.close()
      ops.close()
      ops.closeAllConnections()
      return { callsCut }
    },
  }
}

async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

const IDLE_SWEEP_MS = 100

/** @returns how many calls had to be cut off. */
async function drain(server: Server, timeoutMs: number, metrics: Metrics): Promise<number> {
  const closed = once(server, 'close')
  server.close()
  // A connection whose call has ended would otherwise be kept for the client's next one.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
  }, IDLE_SWEEP_MS)
  const isTimeUp = await Promise.race([closed.then(() => false), delay(timeoutMs).then(() => true)])
  clearInterval(sweep)
  if (!isTimeUp) return 0
  const callsCut = (await metrics.inFlight.get()).values[0]?.value ?? 0
  server.closeAllConnections()
  return callsCut
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
