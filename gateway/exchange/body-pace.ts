/** Checks that a body arrives fast enough: in total, on average, and without long silences. */
import type { LimitsPolicy } from '../admit/policy.ts'
import { OpenList, type Listed } from '../accept/open-list.ts'

type PaceLimits = Pick<
  LimitsPolicy,
  'bodyTimeoutMs' | 'bodyIdleTimeoutMs' | 'minBodyBytesPerSecond'
>

export type SlowReason = 'body_timeout' | 'body_idle_timeout' | 'body_too_slow'

/** The average rate is only checked after this time, because a connection may start slowly. */
const RATE_GRACE_MS = 5000

/** A slow body may be detected this late. */
const LOOK_EVERY_MS = 100

/** One timer for all bodies that are being read: one for each would cost more than reading most of them. */
export class BodyPaces {
  readonly #open = new OpenList<BodyPace>()
  #timer: NodeJS.Timeout | undefined

  /** @param onSlow called at most once, and not after `stop`. */
  start(limits: PaceLimits, onSlow: (reason: SlowReason) => void): BodyPace {
    const pace = new BodyPace(limits, onSlow)
    this.#open.add(pace)
    this.#timer ??= setInterval(() => {
      this.#look()
    }, LOOK_EVERY_MS).unref()
    return pace
  }

  stop(pace: BodyPace): void {
    this.#open.remove(pace)
  }

  #look(): void {
    const nowMs = performance.now()
    for (const pace of [...this.#open]) {
      const reason = pace.slowness(nowMs)
      if (reason === undefined) continue
      this.stop(pace)
      pace.onSlow(reason)
    }
    if (this.#open.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

export class BodyPace implements Listed {
  place: number | undefined
  readonly onSlow: (reason: SlowReason) => void
  readonly #limits: PaceLimits
  readonly #startedMs = performance.now()
  #lastMs = this.#startedMs
  #bytes = 0

  constructor(limits: PaceLimits, onSlow: (reason: SlowReason) => void) {
    this.#limits = limits
    this.onSlow = onSlow
  }

  arrived(bytes: number): void {
    this.#bytes += bytes
    this.#lastMs = performance.now()
  }

  slowness(nowMs: number): SlowReason | undefined {
    const { bodyTimeoutMs, bodyIdleTimeoutMs, minBodyBytesPerSecond } = this.#limits
    const elapsedMs = nowMs - this.#startedMs
    if (elapsedMs > bodyTimeoutMs) return 'body_timeout'
    if (nowMs - this.#lastMs > bodyIdleTimeoutMs) return 'body_idle_timeout'
    const isSlow = (this.#bytes * 1000) / elapsedMs < minBodyBytesPerSecond
    return elapsedMs > RATE_GRACE_MS && isSlow ? 'body_too_slow' : undefined
  }
}
