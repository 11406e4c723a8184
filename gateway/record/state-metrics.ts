/**
 * Metrics of the current state, read when they are collected. `Aggregator` defines how the values of several
 * workers are combined.
 */
import { Gauge, type Registry } from 'prom-client'

import type { Settings } from '../config/compile.ts'
import { isSigning } from '../admit/policy.ts'
import { notEnforced } from '../admit/route-checks.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { CurrentRanges, RangesOrigin } from '../ranges/current-ranges.ts'
import { clockStates, type ClockDrift } from './clock-drift.ts'
import type { KeyUsage } from './key-usage.ts'
import type { UnlistedLedger } from './unlisted-ranges.ts'

export interface GatewayState {
  readonly replay: Pick<ReplayStore, 'entries' | 'capacity' | 'unavailableBecause'>
  readonly requestsInFlight: () => number
  readonly connections: () => number
  readonly bufferedBytes: () => number
  /** Only routes with `limits` that were called. */
  readonly gates: () => readonly GateState[]
  readonly settings: () => Settings
  /** Undefined if the allowlist does not include Inngest. */
  readonly ranges: () => CurrentRanges | undefined
  readonly keyUsage: KeyUsage
  readonly clockDrift: ClockDrift
  readonly unlisted: Pick<UnlistedLedger, 'reported'>
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number
  /** Counts the requests that have ended and are not counted yet. */
  readonly flushRecords: () => void
}

type Aggregator = 'sum' | 'min' | 'max' | 'average'

export function describeState(registry: Registry, version: string, state: GatewayState): void {
  const registers = [registry]
  new Gauge({
    name: 'inngest_gateway_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    aggregator: 'max',
    registers,
    // Collected before all others, so that they count every request that has ended.
    collect: state.flushRecords,
  }).set({ version }, 1)
  describeNumbers(registry, state)
  describeAllowlist(registry, state)
  describePublished(registry, state)
  describeUnlisted(registry, state.unlisted)
  describeChecks(registry, state)
  describeKeys(registry, state)
  describeClock(registry, state)
}

function describeNumbers(registry: Registry, state: GatewayState): void {
  describeMemory(registry, state.replay)
  describeGates(registry, state)
  const numbers: readonly (readonly [string, string, Aggregator, () => number | undefined])[] = [
    [
      'replay_store_up',
      'Availability of the replay store: 1 if available, 0 if not.',
      'min',
      () => (state.replay.unavailableBecause === undefined ? 1 : 0),
    ],
    [
      'requests_in_flight',
      'Requests received whose response is not complete.',
      'sum',
      state.requestsInFlight,
    ],
    ['connections', 'Open connections on the traffic listener.', 'sum', state.connections],
    ['buffered_bytes', 'Bytes of request bodies held in memory.', 'sum', state.bufferedBytes],
  ]
  for (const [name, help, over, read] of numbers) gauge(registry, name, help, over, read)
}

export function describeMemory(
  registry: Registry,
  replay: Pick<ReplayStore, 'entries' | 'capacity'>,
): void {
  const entriesHelp = 'Claims held by the replay cache.'
  gauge(registry, 'replay_cache_entries', entriesHelp, 'sum', () => replay.entries)
  const capacityHelp = 'Maximum number of claims in the replay cache.'
  gauge(registry, 'replay_cache_capacity', capacityHelp, 'sum', () => replay.capacity)
}

/** The current state of a route's `limits`. */
export interface GateState {
  readonly route: string
  /** Function calls in progress in the app. */
  readonly requests: number
  /** Function calls that wait for their turn. */
  readonly waiting: number
}

function describeGates(registry: Registry, { gates }: GatewayState): void {
  const flightHelp = 'Function calls in flight on routes with limits.'
  labelled(registry, 'route_requests_in_flight', flightHelp, 'sum', ['route'], (own) => {
    for (const { route, requests } of gates()) own.set({ route }, requests)
  })
  const waitingHelp = 'Function calls that wait for the limits of their route.'
  labelled(registry, 'route_requests_waiting', waitingHelp, 'sum', ['route'], (own) => {
    for (const { route, waiting } of gates()) own.set({ route }, waiting)
  })
}

/** @param read returns undefined if there is no value. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  aggregator: Aggregator,
  read: () => number | undefined,
): void {
  labelled(registry, name, help, aggregator, [], (own) => {
    const value = read()
    if (value === undefined) own.remove()
    else own.set(value)
  })
}

function describeAllowlist(registry: Registry, { settings }: GatewayState): void {
  const help = 'Ranges in the allowlist by source and address family.'
  labelled(registry, 'inngest_ranges', help, 'max', ['source', 'family'], (own) => {
    for (const { source, ranges } of settings().allowlistSources) {
      own.set({ source, family: 'ipv4' }, ranges.countOf(4))
      own.set({ source, family: 'ipv6' }, ranges.countOf(6))
    }
  })
}

const ORIGINS: readonly RangesOrigin[] = ['fetched', 'file', 'kept', 'bundled']

function describePublished(registry: Registry, { ranges }: GatewayState): void {
  const originHelp =
    'Origin of the published ranges in use: 1 for one of fetched, file, kept, bundled.'
  labelled(registry, 'inngest_ranges_origin', originHelp, 'max', ['origin'], (own) => {
    const origin = ranges()?.origin
    if (origin === undefined) return
    for (const each of ORIGINS) own.set({ origin: each }, each === origin ? 1 : 0)
  })
  const ageHelp = 'Unix time of the last successful refresh of a published list; 0 if never.'
  const name = 'inngest_ranges_last_success_timestamp_seconds'
  labelled(registry, name, ageHelp, 'min', ['source'], (own) => {
    for (const { source, fetchedAtSeconds } of ranges()?.sources ?? []) {
      if (source !== 'bundled') own.set({ source }, fetchedAtSeconds ?? 0)
    }
  })
}

export function describeUnlisted(
  registry: Registry,
  unlisted: Pick<UnlistedLedger, 'reported'>,
): void {
  const help =
    'Ranges outside the allowlist from which 20 different validly signed function calls came within 10 minutes.'
  gauge(registry, 'unlisted_ranges', help, 'sum', () =>
    unlisted.reported?.reduce((sum, { isActive }) => sum + Number(isActive), 0),
  )
}

function describeChecks(registry: Registry, { settings }: GatewayState): void {
  const help =
    'Checks relaxed below their default mode, by route, check and mode (report, off); always 1.'
  labelled(registry, 'checks_not_enforced', help, 'max', ['route', 'check', 'mode'], (own) => {
    for (const [route, check, mode] of notEnforced(settings().policy.routes)) {
      own.set({ route, check, mode }, 1)
    }
  })
}

function describeKeys(registry: Registry, { settings, keyUsage }: GatewayState): void {
  const help =
    'Unix time at which a signing key last verified a request, by position and configured source; 0 if never.'
  const labels = ['route', 'key_slot', 'key'] as const
  labelled(registry, 'key_last_verified_timestamp_seconds', help, 'max', labels, (own) => {
    for (const route of settings().policy.routes) {
      if (!isSigning(route)) continue
      for (const [slot, key] of route.signingKeys.entries()) {
        const lastSeconds = Math.floor((keyUsage.lastVerifiedMs(key) ?? 0) / 1000)
        own.set({ route: route.name, key_slot: String(slot), key: key.label }, lastSeconds)
      }
    }
  })
}

function describeClock(registry: Registry, { clockDrift, monotonicMs }: GatewayState): void {
  const medianHelp = 'Median age of recently admitted signatures; no value if there are too few.'
  gauge(registry, 'signature_age_median_seconds', medianHelp, 'average', () =>
    clockDrift.medianSeconds(monotonicMs()),
  )
  const stateHelp =
    'Clock of this machine compared with the clock of Inngest: 1 for one of unknown, steady, ahead, behind.'
  labelled(registry, 'clock_state', stateHelp, 'max', ['state'], (own) => {
    for (const state of Object.keys(clockStates)) {
      own.set({ state }, state === clockDrift.state ? 1 : 0)
    }
  })
}

function labelled<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  aggregator: Aggregator,
  labelNames: readonly Label[],
  collect: (own: Gauge<Label>) => void,
): void {
  const own = new Gauge({
    name: `inngest_gateway_${name}`,
    help,
    labelNames: [...labelNames],
    aggregator,
    registers: [registry],
    collect: () => {
      // Removes series that a reload has removed.
      own.reset()
      collect(own)
    },
  })
}
