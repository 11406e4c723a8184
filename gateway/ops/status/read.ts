/** The status of this process, collected when it is requested. */
import type { Settings } from '../../config/compile.ts'
import { describeSettings } from '../../config/effective.ts'
import type { Clock } from '../../record/clock.ts'
import type { GatewayState } from '../../record/state-metrics.ts'
import { isSigning, type RoutePolicy } from '../../admit/policy.ts'
import { notEnforced } from '../../admit/route-checks.ts'
import type { CurrentRanges } from '../../ranges/current-ranges.ts'
import type { SdkInventory } from '../../record/sdk-inventory.ts'
import type { Recordings } from '../../recording/recording.ts'
import type { StatusCollector } from './collect.ts'
import type { KeyStatus, RangesStatus, RouteStatus, SettingsStatus, Status } from './status.ts'

export interface ReloadState {
  /** When the current settings took effect, Unix milliseconds. */
  readonly loadedMs: number
  /** Whether they are the last configuration that was read. If not, that had problems. */
  readonly isLatest: boolean
}

export interface StatusParts {
  /** Undefined if the status page is off. */
  readonly collector: StatusCollector | undefined
  readonly state: GatewayState
  readonly sdkInventory: SdkInventory
  readonly recordings: Pick<Recordings, 'isInProgress'>
  readonly clock: Clock
}

/** @returns undefined if the status page is off. */
export function readStatus(
  { collector, state, sdkInventory, recordings, clock }: StatusParts,
  reload: ReloadState,
): Status | undefined {
  if (collector === undefined) return undefined
  state.flushRecords()
  const settings = state.settings()
  const takenMs = clock.nowMs()
  return {
    takenMs,
    startedMs: collector.startedMs,
    processes: 1,
    now: {
      requestsInFlight: state.requestsInFlight(),
      connections: state.connections(),
      bufferedBytes: state.bufferedBytes(),
    },
    minutes: collector.minutes(takenMs),
    reasons: collector.reasons,
    recent: collector.recent,
    routes: routesOf(settings, state, collector, sdkInventory),
    sdkAdvisoriesDate: sdkInventory.advisoriesDate,
    keys: keysOf(settings, state),
    ranges: rangesOf(settings, state.ranges()),
    // The primary process counts those of its workers.
    unlisted: state.unlisted.reported ?? [],
    replay: {
      store: settings.config.replay.store,
      entries: state.replay.entries,
      capacity: state.replay.capacity,
      unavailableBecause: state.replay.unavailableBecause,
    },
    clock: {
      state: state.clockDrift.state,
      medianSeconds: state.clockDrift.medianSeconds(state.monotonicMs()),
    },
    settings: settingsStatus(settings, reload),
    isRecording: recordings.isInProgress,
  }
}

function routesOf(
  { policy, config }: Settings,
  state: GatewayState,
  collector: StatusCollector,
  sdkInventory: SdkInventory,
): RouteStatus[] {
  const gates = state.gates()
  return policy.routes.map((route) => {
    const written = config.routes.find(({ name }) => name === route.name)?.limits
    const gate = gates.find((each) => each.route === route.name)
    const limits = written && {
      maxRequestsInFlight: written.maxRequestsInFlight,
      rate: written.rate,
      requests: gate?.requests ?? 0,
      waiting: gate?.waiting ?? 0,
    }
    return { ...routeStatus(route, collector, sdkInventory), limits }
  })
}

function routeStatus(
  route: RoutePolicy,
  collector: StatusCollector,
  sdkInventory: SdkInventory,
): Omit<RouteStatus, 'limits'> {
  const { name, kind, host, path, upstream } = route
  return {
    route: name,
    kind,
    host,
    path,
    upstream: upstream.socketPath === undefined ? upstream.origin : `unix:${upstream.socketPath}`,
    apps: route.kind === 'inngest' ? [...(route.apps?.served ?? [])] : [],
    resignKey: isSigning(route) ? route.resign?.key.label : undefined,
    seen: collector.upstreamOf(name),
    notEnforced: notEnforced([route]).map(([, check, mode]) => `${check}: ${mode}`),
    reportMode: collector.reportModeOf(route),
    sdks: sdkInventory.of(name),
    encryption: encryptionOf(route),
  }
}

function encryptionOf(route: RoutePolicy): RouteStatus['encryption'] {
  if (route.kind !== 'inngest' || route.encryption === undefined) return undefined
  return route.encryption.mode === 'enforce' ? 'required' : 'reported'
}

function keysOf({ policy }: Settings, { keyUsage }: GatewayState): KeyStatus[] {
  return policy.routes.flatMap((route) => {
    if (!isSigning(route)) return []
    return route.signingKeys.map((key, slot) => ({
      route: route.name,
      slot,
      label: key.label,
      lastVerifiedMs: keyUsage.lastVerifiedMs(key),
    }))
  })
}

function rangesOf(
  { allowlistSources }: Settings,
  current: CurrentRanges | undefined,
): RangesStatus {
  const sources = current?.sources ?? []
  return {
    allowed: allowlistSources.map(({ source, ranges }) => ({
      source,
      ipv4: ranges.countOf(4),
      ipv6: ranges.countOf(6),
    })),
    origin: current?.origin,
    lists: sources.map(({ source, ranges, fetchedAtSeconds }) => ({
      source,
      ranges: ranges.length,
      fetchedMs: fetchedAtSeconds === undefined ? undefined : fetchedAtSeconds * 1000,
    })),
  }
}

function settingsStatus(settings: Settings, { loadedMs, isLatest }: ReloadState): SettingsStatus {
  const yaml = describeSettings(settings)
  return { fingerprint: settings.fingerprint, loadedMs, isLatest, yaml }
}
