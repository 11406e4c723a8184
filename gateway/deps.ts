/** What a gateway is made of: put together here, and taken apart. */
import type { Logger } from 'pino'

import type { Settings } from './config/compile.ts'
import type { SettingsReading } from './config/load.ts'
import { DiagnosisBudget } from './diagnosis/budget.ts'
import { BodyPaces } from './exchange/body-pace.ts'
import { Capacity } from './exchange/capacity.ts'
import type { Exchange } from './exchange/exchange.ts'
import { watchStalls } from './exchange/stall-watch.ts'
import { Connections } from './accept/connections.ts'
import { OpenList } from './accept/open-list.ts'
import { createUpstreamPools } from './forward/upstream-pool.ts'
import { LiveConfig } from './exchange/active-config.ts'
import type { ExchangeDeps } from './exchange/deps.ts'
import type { RangesSupervisor } from './ranges/supervisor.ts'
import type { Clock } from './record/clock.ts'
import { ClockDrift } from './record/clock-drift.ts'
import { DurableSigns } from './record/durable-signs.ts'
import { KeyUsage } from './record/key-usage.ts'
import { createMetrics, type Metrics } from './record/metrics.ts'
import { Recorder } from './record/recorder.ts'
import { RegisteredSchemes } from './record/registered-schemes.ts'
import { SdkAdvisories } from './record/sdk-advisories.ts'
import { SdkInventory } from './record/sdk-inventory.ts'
import type { GatewayState } from './record/state-metrics.ts'
import type { Tracing } from './record/tracing.ts'
import { RequestCounts } from './record/request-counts.ts'
import { UnservedRedirects } from './record/unserved-redirects.ts'
import { LearnedPairs } from './pairs/learned-pairs.ts'
import { createStores } from './replay/create-store.ts'
import type { Stores } from './replay/store.ts'
import { StatusCollector } from './ops/status/collect.ts'
import { CanonicalPool } from './threads/canonical-pool.ts'
import { version } from './version.ts'

/** What a gateway has around it. */
export interface Surroundings {
  /** Reloads the configuration. */
  readonly read: () => SettingsReading
  readonly clock: Clock
  readonly logger: Logger
  readonly tracing: Tracing | undefined
}

export interface Parts extends ExchangeDeps {
  readonly connections: Connections
  readonly metrics: Metrics
  readonly state: GatewayState
  readonly sdkInventory: SdkInventory
  readonly stopStallWatch: () => void
  /** Undefined if the status page is off. */
  readonly collector: StatusCollector | undefined
}

export async function createParts(
  settings: Settings,
  memory: Stores,
  { clock, logger, tracing }: Surroundings,
  ranges: RangesSupervisor,
): Promise<Parts> {
  const stores = await createStores(settings, memory, clock, logger)
  const { replay } = stores
  const pairs = new LearnedPairs(stores.pairs, clock)
  const pools = createUpstreamPools(() => {
    metrics.upstreamUnexpectedBytes.inc()
  })
  const live = new LiveConfig(settings, pools)
  const connections = new Connections()
  const capacity = new Capacity(() => live.settings.policy.limits)
  const keyUsage = new KeyUsage()
  const clockDrift = new ClockDrift(() => live.settings.policy.freshness)
  const state: GatewayState = {
    replay,
    requestsInFlight: () => live.requestsInFlight,
    connections: () => connections.size,
    bufferedBytes: () => capacity.bufferedBytes,
    settings: () => live.settings,
    ranges: () => ranges.current,
    keyUsage,
    clockDrift,
    monotonicMs: () => clock.monotonicMs(),
    flushRecords: () => {
      recorder.flush()
    },
  }
  const metrics = createMetrics(version, state)
  const collector = settings.config.ops.statusPage.enabled
    ? new StatusCollector(clock.nowMs())
    : undefined
  const sdkInventory = new SdkInventory(metrics, SdkAdvisories.read())
  const recorder = new Recorder({
    sdkInventory,
    keyUsage,
    clockDrift,
    unservedRedirects: new UnservedRedirects(),
    registeredSchemes: new RegisteredSchemes(),
    durableSigns: new DurableSigns(),
    tracing,
    counts: new RequestCounts(metrics),
    logger,
    status: collector,
  })
  const open = new OpenList<Exchange>()
  const stopStallWatch = watchStalls(open, () => live.settings.policy.limits)
  const inProgress = { live, capacity, connections, open, stopStallWatch, paces: new BodyPaces() }
  const admission = { replay, pairs, canonicals: new CanonicalPool() }
  const diagnosisBudget = new DiagnosisBudget()
  const observers = { diagnosisBudget, recorder, clock, metrics, state, collector, sdkInventory }
  return { ...inProgress, ...admission, ...observers }
}

export async function closeParts(
  { recorder, live, replay, canonicals, stopStallWatch }: Parts,
  tracing: Tracing | undefined,
): Promise<void> {
  stopStallWatch()
  recorder.close()
  live.close()
  await Promise.all([replay.close(), canonicals.close()])
  await tracing?.stop()
}
