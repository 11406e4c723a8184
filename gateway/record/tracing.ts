/**
 * Makes a span for each verified request, if the standard OTEL_* variables enable it; the OpenTelemetry
 * packages are loaded only then. Unverified requests have no span, so that unauthenticated clients can neither
 * cause exports nor write into a trace of Inngest's.
 *
 * The app gets `traceparent` unchanged: the SDKs report their own spans to Inngest under it, and Inngest would
 * not find a parent that only the operator's collector knows.
 */
import { setTimeout as delay } from 'node:timers/promises'

import type { Tracer } from '@opentelemetry/api'
import type { Logger } from 'pino'

import type { RequestHead } from '../admit/request-head.ts'
import { splitTarget } from '../admit/checks/route.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { isTracingAskedFor } from './otlp-environment.ts'
import type { RequestRecord } from './request-record.ts'
import { WatchedExporter } from './watched-exporter.ts'

export interface Tracing {
  record(entry: RequestRecord): void
  /** Sends the remaining spans. */
  stop(): Promise<void>
}

const STOP_WITHIN_MS = 3000

/** @returns undefined if tracing is not enabled. */
export async function createTracing(
  env: Environment,
  version: string,
  logger: Logger,
): Promise<Tracing | undefined> {
  if (!isTracingAskedFor(env)) return undefined
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ])
  const own = resources.resourceFromAttributes({
    'service.name': 'inngest-gateway',
    'service.version': version,
  })
  const given = resources.detectResources({ detectors: [resources.envDetector] })
  const provider = new BasicTracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence over the gateway's own values.
    resource: own.merge(given),
    spanProcessors: [new BatchSpanProcessor(new WatchedExporter(new OTLPTraceExporter(), logger))],
  })
  const recordSpans = await spanRecorder(provider.getTracer('inngest-gateway', version))
  return {
    record: recordSpans,
    stop: () =>
      Promise.race([
        // Rejects if spans could not be delivered, which must not make the shutdown fail.
        provider.shutdown().catch(() => undefined),
        delay(STOP_WITHIN_MS, undefined, { ref: false }),
      ]),
  }
}

async function spanRecorder(tracer: Tracer): Promise<Tracing['record']> {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api')
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core')
  const propagator = new W3CTraceContextPropagator()
  return (entry) => {
    if (entry.facts.signature === undefined) return
    const { head, durationMs, upstreamDurationMs, fault, endedMs: endMs } = entry
    const parent = propagator.extract(ROOT_CONTEXT, head, fieldGetter)
    const startTime = endMs - durationMs
    const { path } = splitTarget(head.target)
    const attributes = attributesOf(entry, path)
    const span = tracer.startSpan(
      `${head.method} ${path}`,
      { kind: SpanKind.SERVER, startTime, attributes },
      parent,
    )
    if (upstreamDurationMs !== undefined) {
      const sentMs = endMs - upstreamDurationMs
      tracer
        .startSpan(
          head.method,
          { kind: SpanKind.CLIENT, startTime: sentMs },
          trace.setSpan(parent, span),
        )
        .end(endMs)
    }
    if (fault !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: fault.code })
    span.end(endMs)
  }
}

const fieldGetter = {
  get: ({ rawHeaders }: RequestHead, name: string) => {
    const at = rawHeaders.findIndex((part, i) => i % 2 === 0 && part.toLowerCase() === name)
    return at === -1 ? undefined : rawHeaders[at + 1]
  },
  keys: ({ rawHeaders }: RequestHead) => rawHeaders.filter((_, i) => i % 2 === 0),
}

/** OpenTelemetry's HTTP conventions, and the gateway's own decision. */
function attributesOf(entry: RequestRecord, path: string) {
  const { head, facts, status, requestId, refusal, fault } = entry
  return {
    'http.request.method': head.method,
    'url.path': path,
    ...(status !== undefined && { 'http.response.status_code': status }),
    'inngest_gateway.request_id': requestId,
    'inngest_gateway.route': facts.route?.name ?? '',
    'inngest_gateway.reason': refusal ?? fault?.code ?? 'none',
  }
}
