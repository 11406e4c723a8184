/** Every metric of the gateway, in a registry of its own. Label values come from closed sets. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

import type { AllowlistSource } from '../config/compile.ts'
import type { ReplayStore } from '../replay/store.ts'

/** Decisions take milliseconds, calls up to two hours. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300, 1800, 7200]
const BODY_BUCKETS_BYTES = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 10_485_760]
const AGE_BUCKETS_SECONDS = [-300, -60, -10, -1, 0, 1, 2, 5, 10, 30, 60, 120, 300]

export interface Metrics {
  readonly registry: Registry
  readonly requests: Counter<'route' | 'method' | 'decision' | 'reason' | 'code'>
  readonly requestDuration: Histogram<'route' | 'decision'>
  readonly upstreamDuration: Histogram<'route' | 'code'>
  readonly inFlight: Gauge
  readonly bodyBytes: Histogram
  readonly verifications: Counter<'result' | 'key_slot'>
  readonly signatureAge: Histogram
  readonly claims: Counter<'result'>
  readonly tlsReloads: Counter<'result'>
}

/** What is read off when the metrics are asked for. */
export interface Gauged {
  readonly replay: Pick<ReplayStore, 'entries' | 'capacity'>
  readonly connections: () => number
  readonly bufferedBytes: () => number
}

// A flat table of metrics, one after the other: long, and nothing in it branches.
// eslint-disable-next-line max-lines-per-function
export function createMetrics(
  version: string,
  gauged: Gauged,
  allowlistSources: readonly AllowlistSource[],
): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  describeProcess(registry, version, gauged, allowlistSources)
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'inngest_gateway_requests_total',
      help: 'Requests by route, method, decision (admitted, refused, failed), reason and status.',
      labelNames: ['route', 'method', 'decision', 'reason', 'code'],
      registers,
    }),
    requestDuration: new Histogram({
      name: 'inngest_gateway_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['route', 'decision'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    upstreamDuration: new Histogram({
      name: 'inngest_gateway_upstream_request_duration_seconds',
      help: 'Time that the app took for its whole answer, by status.',
      labelNames: ['route', 'code'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    inFlight: new Gauge({
      name: 'inngest_gateway_requests_in_flight',
      help: 'Requests begun and not yet answered.',
      registers,
    }),
    bodyBytes: new Histogram({
      name: 'inngest_gateway_request_body_bytes',
      help: 'Length of the request bodies that were read.',
      buckets: BODY_BUCKETS_BYTES,
      registers,
    }),
    verifications: new Counter({
      name: 'inngest_gateway_signature_verifications_total',
      help: 'Signatures by result (raw, canonical, mismatch; none where allowed) and position of the key that matched.',
      labelNames: ['result', 'key_slot'],
      registers,
    }),
    signatureAge: new Histogram({
      name: 'inngest_gateway_signature_age_seconds',
      help: 'Age of verified signatures; negative if the sender is ahead of this clock.',
      buckets: AGE_BUCKETS_SECONDS,
      registers,
    }),
    claims: new Counter({
      name: 'inngest_gateway_replay_claims_total',
      help: 'Answers of the replay cache: claimed, duplicate, full, before_start.',
      labelNames: ['result'],
      registers,
    }),
    tlsReloads: new Counter({
      name: 'inngest_gateway_tls_reloads_total',
      help: 'Changed certificate files by result (success, failure).',
      labelNames: ['result'],
      registers,
    }),
  }
}

function describeProcess(
  registry: Registry,
  version: string,
  gauged: Gauged,
  allowlistSources: readonly AllowlistSource[],
): void {
  const registers = [registry]
  new Gauge({
    name: 'inngest_gateway_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1)
  const gauge = (name: string, help: string, read: () => number) => {
    const own = new Gauge({
      name: `inngest_gateway_${name}`,
      help,
      registers,
      collect: () => {
        own.set(read())
      },
    })
  }
  gauge('replay_cache_entries', 'Claims held by the replay cache.', () => gauged.replay.entries)
  gauge(
    'replay_cache_capacity',
    'Claims that the replay cache can hold.',
    () => gauged.replay.capacity,
  )
  gauge('connections', 'Connections open on the traffic listener.', gauged.connections)
  gauge('buffered_bytes', 'Bytes of request bodies held in memory.', gauged.bufferedBytes)
  const ranges = new Gauge({
    name: 'inngest_gateway_ip_allowlist_entries',
    help: 'Ranges in the allowlist by source and address family.',
    labelNames: ['source', 'family'],
    registers,
  })
  for (const { source, ranges: list } of allowlistSources) {
    ranges.set({ source, family: 'ipv4' }, list.countOf(4))
    ranges.set({ source, family: 'ipv6' }, list.countOf(6))
  }
}
