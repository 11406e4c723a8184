/** Logs once when traces cannot be delivered, and once when they can again. The library does not report this. */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Logger } from 'pino'

import { plainError } from '../redact/safe-text.ts'

/** `ExportResultCode.SUCCESS` of @opentelemetry/core, which is loaded only if traces are sent. */
const SUCCESS = 0

export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #logger: Logger
  #isDelivering = true

  constructor(exporter: SpanExporter, logger: Logger) {
    this.#exporter = exporter
    this.#logger = logger
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, (result) => {
      if (SUCCESS === (result.code as number)) this.#delivered()
      else this.#failed(result.error, spans.length)
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  #failed(error: Error | undefined, spans: number): void {
    if (!this.#isDelivering) return
    this.#isDelivering = false
    const why = error === undefined ? 'no reason given' : plainError(error)
    this.#logger.warn({ why, spans_lost: spans }, 'trace export failed')
  }

  #delivered(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    this.#logger.info('trace export working again')
  }
}
