/** Whether this gateway should get requests, for `/readyz`. */
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
    // If a shared store becomes unavailable later, the gateway stays ready: calls are refused with 503
    // meanwhile, and passthrough routes do not need the store.
    if (this.#hasStoreStarted) return undefined
    const why = this.#storeIsStarting()
    this.#hasStoreStarted = why === undefined
    return why
  }

  /** Details of the reason, for the log. */
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

  /** Ready means that a signature made now is admitted. */
  #storeIsStarting(): string | undefined {
    const { replay, live, clock } = this.#parts
    const { whenUnavailable } = live.settings.config.replay
    if (whenUnavailable === 'refuse' && replay.unavailableBecause !== undefined)
      return 'replay store'
    return clock.nowMs() < replay.remembersFromSeconds * 1000 ? 'starting' : undefined
  }
}
