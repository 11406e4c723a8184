/** Whether calls should be sent here, as `/readyz` says. */
import type { Connections } from '../accept/connections.ts'
import type { ExchangeDeps } from '../exchange/deps.ts'
import type { RangesSupervisor } from '../ranges/supervisor.ts'
import type { DetailedHealth } from './readiness-log.ts'

type Judged = Pick<ExchangeDeps, 'clock' | 'live' | 'replay'> & {
  readonly connections: Connections
}

export class Readiness implements DetailedHealth {
  readonly #parts: Judged
  readonly #ranges: Pick<RangesSupervisor, 'isSettled'>
  #hasStoreStarted = false

  constructor(parts: Judged, ranges: Pick<RangesSupervisor, 'isSettled'>) {
    this.#parts = parts
    this.#ranges = ranges
  }

  notReadyBecause(): string | undefined {
    if (this.#parts.connections.areEnding) return 'draining'
    if (!this.#ranges.isSettled) return 'fetching ranges'
    // A shared store that goes down later takes no gateway out of service: calls are refused with 503
    // meanwhile, and what passthrough routes serve does not need it.
    if (this.#hasStoreStarted) return undefined
    const why = this.#storeIsStarting()
    this.#hasStoreStarted = why === undefined
    return why
  }

  /** What more is known of the reason, for the log. */
  detail(): string | undefined {
    switch (this.notReadyBecause()) {
      case 'replay store':
        return this.#parts.replay.unavailableBecause
      case 'starting':
        return 'replay cache started less than a second ago: current signatures are still refused'
      default:
        return undefined
    }
  }

  /** Ready means that a signature of now is admitted. */
  #storeIsStarting(): string | undefined {
    const { replay, live, clock } = this.#parts
    const { whenUnavailable } = live.settings.config.replay
    if (whenUnavailable === 'refuse' && replay.unavailableBecause !== undefined)
      return 'replay store'
    return clock.nowMs() < replay.remembersFromSeconds * 1000 ? 'starting' : undefined
  }
}
