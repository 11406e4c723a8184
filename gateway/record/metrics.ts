/** Every metric of the gateway, in a registry of its own. Label values come from closed sets. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

import { replayOutcomes } from '../admit/facts.ts'
import { payloadReadings } from '../inngest/payload-encryption.ts'
import { copyResults } from '../recording/recording.ts'
import { lateReadingResults } from './unlisted-ranges.ts'
import { SeriesCounter, SeriesHistogram, type HistogramSeries } from './series.ts'
import { describeState, type GatewayState } from './state-metrics.ts'

/** Decisions take milliseconds, calls up to two hours. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300, 1800, 7200]
const BODY_BUCKETS_BYTES = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 10_485_760]
/** Up to the longest `maxWait`. */
const WAIT_BUCKETS_SECONDS = [0.01, 0.05, 0.25, 1, 2.5, 5, 10, 20, 30, 60]
const AGE_BUCKETS_SECONDS = [-300, -60, -10, -1, 0, 1, 2, 5, 10, 30, 60, 120, 300]

export interface Metrics {
  readonly registry: Registry
  readonly requests: SeriesCounter<'route' | 'method' | 'decision' | 'reason' | 'code'>
  readonly requestDuration: SeriesHistogram<'route' | 'decision'>
  readonly upstreamDuration: SeriesHistogram<'route' | 'code'>
  readonly bodyBytes: HistogramSeries
  readonly verifications: SeriesCounter<'result' | 'key_slot'>
  readonly signatureAge: HistogramSeries
  readonly claims: SeriesCounter<'result'>
  readonly appRequests: SeriesCounter<'route' | 'app' | 'decision'>
  readonly resignedRequests: SeriesCounter<'route'>
  readonly durableRequests: Counter<'route' | 'kind' | 'decision'>
  readonly limitWait: SeriesHistogram<'route' | 'decision'>
  readonly diagnoses: Counter<'route' | 'diagnosis'>
  readonly reportOnlyRefusals: Counter<'route' | 'reason'>
  readonly sdkResponses: SeriesCounter<'route' | 'language' | 'version'>
  readonly encryption: SeriesCounter<'route' | 'result'>
  readonly upstreamUnexpectedBytes: Counter
  readonly lateReadings: Counter<'result'>
  readonly recordingCopies: Counter<'result'>
  readonly rangeRefreshes: Counter<'source' | 'result'>
  readonly reloads: Counter<'result'>
  readonly lastReloadSuccessful: Gauge
  readonly lastReloadSuccess: Gauge
  readonly configInfo: Gauge<'fingerprint'>
}

/** Each result has its series from the start, because it matters whether any body was read. */
function createLateReadings(registry: Registry): Counter<'result'> {
  const counter = new Counter({
    name: 'inngest_gateway_unlisted_readings_total',
    help: `Refused function calls from outside the allowlist whose body was read to verify the signature, by result: ${lateReadingResults.join(', ')}.`,
    labelNames: ['result'],
    registers: [registry],
  })
  for (const result of lateReadingResults) counter.inc({ result }, 0)
  return counter
}

// A flat table of metrics, one after the other: long, and nothing in it branches.
// eslint-disable-next-line max-lines-per-function
export function createMetrics(version: string, state: GatewayState): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  describeState(registry, version, state)
  const registers = [registry]
  return {
    registry,
    requests: new SeriesCounter({
      name: 'inngest_gateway_requests_total',
      help: 'Requests by route, method, decision (admitted, refused, failed), reason and status.',
      labelNames: ['route', 'method', 'decision', 'reason', 'code'],
      registers,
    }),
    requestDuration: new SeriesHistogram({
      name: 'inngest_gateway_request_duration_seconds',
      help: 'Time from the request headers to the end of the response.',
      labelNames: ['route', 'decision'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    upstreamDuration: new SeriesHistogram({
      name: 'inngest_gateway_upstream_request_duration_seconds',
      help: 'Time that the app took for its whole response, by status.',
      labelNames: ['route', 'code'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    bodyBytes: new SeriesHistogram({
      name: 'inngest_gateway_request_body_bytes',
      help: 'Length of the request bodies that were read.',
      buckets: BODY_BUCKETS_BYTES,
      registers,
    }).series({}),
    verifications: new SeriesCounter({
      name: 'inngest_gateway_signature_verifications_total',
      help: 'Signature checks by result (raw, canonical, mismatch; none for a request admitted unsigned) and position of the key that matched.',
      labelNames: ['result', 'key_slot'],
      registers,
    }),
    signatureAge: new SeriesHistogram({
      name: 'inngest_gateway_signature_age_seconds',
      help: 'Age of verified signatures; negative if the signature time is in the future.',
      buckets: AGE_BUCKETS_SECONDS,
      registers,
    }).series({}),
    claims: new SeriesCounter({
      name: 'inngest_gateway_replay_claims_total',
      help: `Results of the replay cache: ${replayOutcomes.join(', ')}. Followed: a function call to the target of an app redirect. Released: a claimed or followed signature that became usable again, since no byte reached the app.`,
      labelNames: ['result'],
      registers,
    }),
    appRequests: new SeriesCounter({
      name: 'inngest_gateway_app_requests_total',
      help: 'Function calls on routes with apps by route, app that fnId belongs to (none if no configured one) and decision; also counted in inngest_gateway_requests_total.',
      labelNames: ['route', 'app', 'decision'],
      registers,
    }),
    resignedRequests: new SeriesCounter({
      name: 'inngest_gateway_resigned_requests_total',
      help: 'Requests that were admitted with a new signature by the key of resignWith, by route.',
      labelNames: ['route'],
      registers,
    }),
    durableRequests: new Counter({
      name: 'inngest_gateway_durable_requests_total',
      help: 'Requests on durable routes by route, kind (user, reentry) and decision; also counted in inngest_gateway_requests_total.',
      labelNames: ['route', 'kind', 'decision'],
      registers,
    }),
    limitWait: new SeriesHistogram({
      name: 'inngest_gateway_limit_wait_seconds',
      help: 'Time that function calls waited for the limits of their route, by decision; calls that did not wait are not counted.',
      labelNames: ['route', 'decision'],
      buckets: WAIT_BUCKETS_SECONDS,
      registers,
    }),
    diagnoses: new Counter({
      name: 'inngest_gateway_signature_diagnoses_total',
      help: 'Signatures that did not match the body as received, by diagnosis.',
      labelNames: ['route', 'diagnosis'],
      registers,
    }),
    reportOnlyRefusals: new Counter({
      name: 'inngest_gateway_report_only_refusals_total',
      help: 'Refusals that were only reported because the check is in report mode, by route and reason.',
      labelNames: ['route', 'reason'],
      registers,
    }),
    sdkResponses: new SeriesCounter({
      name: 'inngest_gateway_sdk_responses_total',
      help: 'Responses to verified requests by route and SDK version of the app, as it names it (unknown: not named; other: no version, or too many).',
      labelNames: ['route', 'language', 'version'],
      registers,
    }),
    encryption: new SeriesCounter({
      name: 'inngest_gateway_payload_encryption_total',
      help: `Function calls on routes with encryption, by route and result: ${payloadReadings.join(', ')}. Use_api: the app fetches steps and events itself, which are not checked.`,
      labelNames: ['route', 'result'],
      registers,
    }),
    upstreamUnexpectedBytes: new Counter({
      name: 'inngest_gateway_upstream_unexpected_bytes_total',
      help: 'Connections to the app that were closed because it sent bytes outside a response.',
      registers,
    }),
    lateReadings: createLateReadings(registry),
    recordingCopies: new Counter({
      name: 'inngest_gateway_recording_copies_total',
      help: `Verified requests during a recording by result: ${copyResults.join(', ')}.`,
      labelNames: ['result'],
      registers,
    }),
    rangeRefreshes: new Counter({
      name: 'inngest_gateway_inngest_ranges_refreshes_total',
      help: 'Refreshes of the published IP ranges, by source and result.',
      labelNames: ['source', 'result'],
      registers,
    }),
    reloads: new Counter({
      name: 'inngest_gateway_config_reloads_total',
      help: 'Configuration reloads by result (success, failure).',
      labelNames: ['result'],
      registers,
    }),
    lastReloadSuccessful: new Gauge({
      name: 'inngest_gateway_config_last_reload_successful',
      help: '1 if the last configuration read is active, 0 if it had problems.',
      aggregator: 'min',
      registers,
    }),
    lastReloadSuccess: new Gauge({
      name: 'inngest_gateway_config_last_reload_success_timestamp_seconds',
      help: 'Unix time at which the active configuration was read.',
      aggregator: 'max',
      registers,
    }),
    configInfo: new Gauge({
      name: 'inngest_gateway_config_info',
      help: 'Always 1; equal configurations have the same fingerprint label.',
      labelNames: ['fingerprint'],
      aggregator: 'max',
      registers,
    }),
  }
}
