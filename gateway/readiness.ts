/** Whether calls should be sent here, as `/readyz` says. */
import type { TrafficParts } from './http/traffic-parts.ts'
import type { Health } from './http/ops-server.ts'
import type { LiveRanges } from './live-ranges.ts'

type Judged = Pick<TrafficParts, 'connections' | 'clock' | 'live' | 'replay'>

export class Readiness implements Health {
  readonly #parts: Judged
  readonly #ranges: Pick<LiveRanges, 'isSettled'>
  readonly #readyAtSeconds: number
  #storeWasUp = false

  /** @param readyAtSeconds the first second of which nothing was served before the start. */
  constructor(parts: Judged, ranges: Pick<LiveRanges, 'isSettled'>, readyAtSeconds: number) {
    this.#parts = parts
    this.#ranges = ranges
    this.#readyAtSeconds = readyAtSeconds
  }

  notReadyBecause(): string | undefined {
    if (this.#parts.connections.areEnding) return 'draining'
    if (!this.#ranges.isSettled) return 'fetching ranges'
    return this.#storeIsStarting()
  }

  /**
   * A shared store that goes down later takes no gateway out of service: calls are refused with 503
   * meanwhile, and what passthrough routes serve does not need it.
   */
  #storeIsStarting(): string | undefined {
    const { replay, live, clock } = this.#parts
    const { store, coldStart, whenDown } = live.settings.config.replay
    this.#storeWasUp ||= replay.unavailableBecause === undefined
    if (!this.#storeWasUp && whenDown === 'refuse') return 'replay store'
    const remembersAlone = store === 'memory' || whenDown === 'memory'
    const isTooEarly = clock.nowMs() < this.#readyAtSeconds * 1000
    return remembersAlone && coldStart === 'refuse' && isTooEarly ? 'starting' : undefined
  }
}
