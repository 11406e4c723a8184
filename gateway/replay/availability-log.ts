/** Says that the shared store cannot be asked, and why, and that it can be again. */
import type { Logger } from 'pino'

/** A server could think of ever new reasons. */
const MOST_REASONS = 16

export class AvailabilityLog {
  readonly #logger: Logger
  /** Since it could last be asked: each is said once, as some take turns at every try to connect. */
  readonly #reasons: Set<string>

  /** @param known why it cannot be asked at first, which goes without saying. */
  constructor(logger: Logger, known: string) {
    this.#logger = logger
    this.#reasons = new Set([known])
  }

  /** @param why undefined if it can be asked. */
  tell(why: string | undefined): void {
    const reasons = this.#reasons
    if (why !== undefined) {
      if (reasons.has(why) || reasons.size === MOST_REASONS) return
      reasons.add(why)
      this.#logger.error({ why }, 'replay store cannot be asked')
    } else if (reasons.size > 0) {
      reasons.clear()
      this.#logger.info('replay store can be asked')
    }
  }
}
