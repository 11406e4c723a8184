/** Whether a body comes fast enough: as a whole, on average, and without long silences. */
import type { LimitsPolicy } from '../policy.ts'

type PaceLimits = Pick<
  LimitsPolicy,
  'bodyTimeoutMs' | 'bodyIdleTimeoutMs' | 'minBodyBytesPerSecond'
>

export type SlowReason = 'body_timeout' | 'body_idle' | 'body_too_slow'

/** A connection may take that long to get going before its average counts. */
const RATE_GRACE_MS = 5000

export class BodyPace {
  readonly #limits: PaceLimits
  readonly #startedMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #lastMs = this.#startedMs
  #bytes = 0

  /** @param onSlow called once at most. */
  constructor(limits: PaceLimits, onSlow: (reason: SlowReason) => void) {
    this.#limits = limits
    const tickMs = Math.min(limits.bodyTimeoutMs, limits.bodyIdleTimeoutMs, 1000) / 2
    this.#timer = setInterval(() => {
      const reason = this.#slowness(performance.now())
      if (reason === undefined) return
      this.stop()
      onSlow(reason)
    }, tickMs)
  }

  arrived(bytes: number): void {
    this.#bytes += bytes
    this.#lastMs = performance.now()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #slowness(nowMs: number): SlowReason | undefined {
    const { bodyTimeoutMs, bodyIdleTimeoutMs, minBodyBytesPerSecond } = this.#limits
    const elapsedMs = nowMs - this.#startedMs
    if (elapsedMs > bodyTimeoutMs) return 'body_timeout'
    if (nowMs - this.#lastMs > bodyIdleTimeoutMs) return 'body_idle'
    const isSlow = (this.#bytes * 1000) / elapsedMs < minBodyBytesPerSecond
    return elapsedMs > RATE_GRACE_MS && isSlow ? 'body_too_slow' : undefined
  }
}
