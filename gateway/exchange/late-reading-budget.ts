/**
 * Decides when the body of a refused request may be read: one at a time, and one in each interval. A network
 * waits after each of its readings, and twice as long after each that found no signature, so that forged
 * requests of one network leave readings for the others.
 */

/** Between the starts of two readings in one process. */
const READING_INTERVAL_MS = 1000

const FIRST_PAUSE_MS = 2000
const MOST_DOUBLINGS = 7

/** The maximum number of networks with a pause. The one that was read first is forgotten first. */
const MOST_PAUSES = 1024

interface Pause {
  readonly untilMs: number
  readonly failures: number
}

export class LateReadingBudget {
  readonly #intervalMs: number
  readonly #pauses = new Map<string, Pause>()
  #isReading = false
  #nextMs = -Infinity

  /** @param workers number of processes. Each reads less often, so that all together read as often as one. */
  constructor(workers: number) {
    this.#intervalMs = READING_INTERVAL_MS * workers
  }

  /** @param nowMs monotonic milliseconds, as in all methods here. */
  isOpen(nowMs: number): boolean {
    return !this.#isReading && nowMs >= this.#nextMs
  }

  /** @returns false if this network has to wait; then its body must not be read. */
  take(network: string, nowMs: number): boolean {
    if (!this.isOpen(nowMs) || nowMs < (this.#pauses.get(network)?.untilMs ?? -Infinity))
      return false
    this.#isReading = true
    this.#nextMs = nowMs + this.#intervalMs
    return true
  }

  /** To be called once for each `take` that returned true. */
  done(network: string, isVerified: boolean, nowMs: number): void {
    this.#isReading = false
    const before = this.#pauses.get(network)?.failures ?? 0
    const failures = isVerified ? 0 : Math.min(before + 1, MOST_DOUBLINGS)
    // Deleted first, to keep the map in the order of the last readings.
    this.#pauses.delete(network)
    this.#pauses.set(network, { untilMs: nowMs + FIRST_PAUSE_MS * 2 ** failures, failures })
    if (this.#pauses.size <= MOST_PAUSES) return
    const [oldest = ''] = this.#pauses.keys()
    this.#pauses.delete(oldest)
  }
}
