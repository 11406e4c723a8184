/** Creates the parts of a gateway, and closes them. */
import type { Logger } from 'pino'

import type { Settings } from './config/compile.ts'
import type { SettingsReading } from './config/load.ts'
import { DiagnosisBudget } from './diagnosis/budget.ts'
import { AppGates } from './exchange/app-gates.ts'
import { BodyPaces } from './exchange/body-pace.ts'
import { Capacity } from './exchange/capacity.ts'
import type { Exchange } from './exchange/exchange.ts'
import { watchStalls } from './exchange/stall-watch.ts'
import { UnlistedCalls } from './exchange/unlisted-calls.ts'
import { LateReadingBudget } from './exchange/late-reading-budget.ts'
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
import type { RecordSinks } from './record/record.ts'
import { Recorder } from './record/recorder.ts'
import { RegisteredSchemes } from './record/registered-schemes.ts'
import { Recordings } from './recording/recording.ts'
import { SdkAdvisories } from './record/sdk-advisories.ts'
import { SdkInventory } from './record/sdk-inventory.ts'
import type { GatewayState } from './record/state-metrics.ts'
import type { Tracing } from './record/tracing.ts'
import { RequestCounts } from './record/request-counts.ts'
import type { UnlistedLedger } from './record/unlisted-ranges.ts'
import { UnservedRedirects } from './record/unserved-redirects.ts'
import { LearnedPairs } from './pairs/learned-pairs.ts'
import { createStores } from './replay/create-store.ts'
import type { ReplayStore, Stores } from './replay/store.ts'
import { StatusCollector } from './ops/status/collect.ts'
import { CanonicalPool } from './threads/canonical-pool.ts'
import { version } from './version.ts'

/** The environment of a gateway. */
export interface Surroundings {
  /** Reloads the configuration. */
  readonly read: () => SettingsReading
  readonly clock: Clock
  readonly logger: Logger
  readonly tracing: Tracing | undefined
}

/** What is remembered on this machine, and since when. */
export interface MachineMemory {
  readonly stores: Stores
  readonly unlisted: UnlistedLedger
  /** Processes that share the memory. */
  readonly workers: number
  /** The first second that is remembered completely, and before which no request was served. */
  readonly sinceSeconds: number
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
  memory: MachineMemory,
  { clock, logger, tracing }: Surroundings,
  ranges: RangesSupervisor,
): Promise<Parts> {
  const stores = await createStores(settings, memory.stores, clock, logger)
  const { replay } = stores
  const pairs = new LearnedPairs(stores.pairs, clock)
  const pools = createUpstreamPools(() => {
    metrics.upstreamUnexpectedBytes.inc()
  })
  const live = new LiveConfig(settings, pools)
  const connections = new Connections()
  const capacity = new Capacity(() => live.settings.policy.limits)
  const gates = createGates(live, clock)
  const keyUsage = new KeyUsage()
  const clockDrift = new ClockDrift(() => live.settings.policy.freshness)
  const state: GatewayState = {
    replay,
    requestsInFlight: () => live.requestsInFlight,
    connections: () => connections.size,
    bufferedBytes: () => capacity.bufferedBytes,
    gates: () => gates.states,
    settings: () => live.settings,
    ranges: () => ranges.current,
    keyUsage,
    clockDrift,
    unlisted: memory.unlisted,
    monotonicMs: () => clock.monotonicMs(),
    flushRecords: () => {
      recorder.flush()
    },
  }
  const metrics = createMetrics(version, state)
  const collector = createCollector(settings, clock)
  const sdkInventory = new SdkInventory(metrics, SdkAdvisories.read())
  const sources = { sdkInventory, keyUsage, clockDrift, tracing, logger }
  const recorder = createRecorder(sources, metrics, collector)
  const open = new OpenList<Exchange>()
  const stopStallWatch = watchStalls(open, () => live.settings.policy.limits)
  const inProgress = { live, capacity, connections, open, stopStallWatch, paces: new BodyPaces() }
  const admission = { gates, replay, pairs, canonicals: new CanonicalPool() }
  const observers = {
    diagnosisBudget: new DiagnosisBudget(),
    unlistedCalls: createUnlistedCalls(memory, replay, clock, metrics),
    recordings: new Recordings((result) => {
      metrics.recordingCopies.inc({ result })
    }),
    recorder,
    clock,
    metrics,
    state,
    collector,
    sdkInventory,
  }
  return { ...inProgress, ...admission, ...observers }
}

function createRecorder(
  parts: Pick<RecordSinks, 'sdkInventory' | 'keyUsage' | 'clockDrift' | 'tracing' | 'logger'>,
  metrics: Metrics,
  status: StatusCollector | undefined,
): Recorder {
  return new Recorder({
    ...parts,
    unservedRedirects: new UnservedRedirects(),
    registeredSchemes: new RegisteredSchemes(),
    durableSigns: new DurableSigns(),
    counts: new RequestCounts(metrics),
    status,
  })
}

function createCollector({ config }: Settings, clock: Clock): StatusCollector | undefined {
  return config.ops.statusPage.enabled ? new StatusCollector(clock.nowMs()) : undefined
}

function createGates(live: LiveConfig, clock: Clock): AppGates {
  return new AppGates(
    () => live.settings.policy.limits,
    () => clock.monotonicMs(),
  )
}

function createUnlistedCalls(
  { unlisted, workers }: MachineMemory,
  replay: ReplayStore,
  clock: Clock,
  metrics: Metrics,
): UnlistedCalls {
  return new UnlistedCalls({
    replay,
    clock,
    budget: new LateReadingBudget(workers),
    onFound: (sighting) => {
      unlisted.add(sighting)
    },
    onResult: (result) => {
      metrics.lateReadings.inc({ result })
    },
  })
}

export async function closeParts(
  { recorder, recordings, live, gates, replay, canonicals, stopStallWatch }: Parts,
  tracing: Tracing | undefined,
): Promise<void> {
  stopStallWatch()
  recorder.close()
  recordings.stop()
  live.close()
  gates.close()
  await Promise.all([replay.close(), canonicals.close()])
  await tracing?.stop()
}
