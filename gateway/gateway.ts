/** A gateway as one thing that starts, serves and stops; assembled here and nowhere else. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Logger } from 'pino'

import type { Settings } from './config/compile.ts'
import { Capacity } from './http/capacity.ts'
import { Connections } from './http/connections.ts'
import { Exchanges } from './http/exchanges.ts'
import { Forwarder } from './http/forwarder.ts'
import type { TrafficParts } from './http/handle.ts'
import { createOpsServer } from './http/ops-server.ts'
import { Passthrough } from './http/passthrough.ts'
import { watchCertificates } from './http/tls-listener.ts'
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
  const { config } = settings
  // The second of the start itself is refused too: an earlier process may have served part of it.
  const readyAtSeconds = config.replay.coldStart === 'refuse' ? Math.ceil(clock.nowMs() / 1000) : 0
  const parts = createParts(settings, readyAtSeconds, clock, logger)
  const { metrics, connections } = parts
  const traffic = createTrafficServer(parts)
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
  const { tls } = config.listen
  const stopWatching = tls && watchCertificates(traffic, tls, logger, metrics)
  return {
    trafficPort: portOf(traffic),
    opsPort: portOf(ops),
    metrics,
    stop: async () => {
      isDraining = true
      stopWatching?.()
      const { drainTimeoutMs } = config.shutdown
      const callsCut = await drain(traffic, connections, drainTimeoutMs, metrics)
      await parts.forwarder.close()
      parts.passthrough.close()
      ops.close()
      ops.closeAllConnections()
      return { callsCut }
    },
  }
}

function createParts(
  settings: Settings,
  remembersFromSeconds: number,
  clock: Clock,
  logger: Logger,
): TrafficParts {
  const { config, policy } = settings
  const replay = new MemoryReplayStore({
    maxEntries: config.replay.maxEntries,
    remembersFromSeconds,
  })
  const connections = new Connections()
  const capacity = new Capacity(policy.limits)
  const gauged = {
    replay,
    connections: () => connections.size,
    bufferedBytes: () => capacity.bufferedBytes,
  }
  return {
    settings,
    forwarder: new Forwarder(policy.routes, config.upstream),
    passthrough: new Passthrough(policy.routes, config.upstream),
    replay,
    capacity,
    connections,
    exchanges: new Exchanges(),
    clock,
    metrics: createMetrics(version, gauged, settings.allowlistSources),
    logger,
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
async function drain(
  server: Server,
  connections: Connections,
  timeoutMs: number,
  metrics: Metrics,
): Promise<number> {
  const closed = once(server, 'close')
  server.close()
  // A connection whose call has ended would otherwise be kept for the client's next one.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    connections.closeSilent()
  }, IDLE_SWEEP_MS)
  const isTimeUp = await Promise.race([closed.then(() => false), delay(timeoutMs).then(() => true)])
  clearInterval(sweep)
  if (!isTimeUp) return 0
  const callsCut = (await metrics.inFlight.get()).values[0]?.value ?? 0
  connections.destroyAll()
  return callsCut
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
