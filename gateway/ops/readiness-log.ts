/**
 * Logs why a gateway is not ready, after a few seconds and again every minute, and later that it is ready: a
 * load balancer that sends no requests does not report the reason. A normal start adds no line.
 */
import type { Logger } from 'pino'

import type { Health } from './server.ts'

const CHECK_EVERY_MS = 1000
/** A start takes some seconds, which needs no report. */
const SAY_AFTER_MS = 5000
const SAY_AGAIN_MS = 60_000

/** A reason in one word, and its details. */
export interface DetailedHealth extends Health {
  detail?(): string | undefined
}

interface NotReady {
  readonly sinceMs: number
  readonly saidMs: number | undefined
  readonly said: string | undefined
}

export class ReadinessLog {
  readonly #health: DetailedHealth
  readonly #logger: Logger
  readonly #clock: { monotonicMs(): number }
  readonly #timer: NodeJS.Timeout
  readonly #first: NodeJS.Immediate
  #notReady: NotReady | undefined
  #isChecking = false

  constructor(health: DetailedHealth, logger: Logger, clock: { monotonicMs(): number }) {
    this.#health = health
    this.#logger = logger
    this.#clock = clock
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS).unref()
    // After the log line about the start of the gateway.
    this.#first = setImmediate(() => void this.#check())
  }

  stop(): void {
    clearInterval(this.#timer)
    clearImmediate(this.#first)
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return
    this.#isChecking = true
    try {
      const asked = this.#health.notReadyBecause()
      const why = asked instanceof Promise ? await asked : asked
      if (why === undefined) this.#sayReady()
      else this.#sayNotReady(why, this.#clock.monotonicMs())
    } finally {
      this.#isChecking = false
    }
  }

  #sayReady(): void {
    if (this.#notReady?.said !== undefined) this.#logger.info('ready')
    this.#notReady = undefined
  }

  #sayNotReady(why: string, nowMs: number): void {
    const { sinceMs, saidMs, said } = this.#notReady ?? {
      sinceMs: nowMs,
      saidMs: undefined,
      said: undefined,
    }
    const nextMs = said === why ? SAY_AGAIN_MS : SAY_AFTER_MS
    if (nowMs - (saidMs ?? sinceMs) < nextMs) {
      this.#notReady = { sinceMs, saidMs, said }
      return
    }
    this.#notReady = { sinceMs, saidMs: nowMs, said: why }
    const seconds = Math.round((nowMs - sinceMs) / 1000)
    this.#logger.warn({ why, detail: this.#health.detail?.(), for_seconds: seconds }, 'not ready')
  }
}
