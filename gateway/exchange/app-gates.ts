/** The gates of all routes with `limits`, and the capacity that waiting calls share. */
import type { LimitsPolicy, RouteLimitsPolicy } from '../admit/policy.ts'
import type { GateState } from '../record/state-metrics.ts'
import { AppGate, type WaitingRoom } from './app-gate.ts'

/** The share of places in flight and of memory that waiting calls may use. Other routes need the rest. */
const WAITING_SHARE = 1 / 2

interface RouteWithLimits {
  readonly name: string
  readonly limits?: RouteLimitsPolicy | undefined
}

/** Of a route that has no limits any more. */
const UNLIMITED: RouteLimitsPolicy = {
  maxRequestsInFlight: undefined,
  rate: undefined,
  maxWaitMs: 0,
}

type RoomLimits = Pick<LimitsPolicy, 'maxRequestsInFlight' | 'maxBufferedBytes'>

export class AppGates {
  /** By the name of the route, because the next configuration has the same names. */
  readonly #gates = new Map<string, AppGate>()
  readonly #room: Room
  readonly #monotonicMs: () => number
  #endOfWaits: NodeJS.Timeout | undefined

  /** @param limits is called each time, because a reload may change the limits. */
  constructor(limits: () => RoomLimits, monotonicMs: () => number) {
    this.#room = new Room(limits)
    this.#monotonicMs = monotonicMs
  }

  /** @param limits if it is the first call of the route. Later ones may have begun before a reload. */
  of(route: string, limits: RouteLimitsPolicy): AppGate {
    const known = this.#gates.get(route)
    if (known !== undefined) return known
    const gate = new AppGate(limits, this.#room, this.#monotonicMs)
    this.#gates.set(route, gate)
    return gate
  }

  /** Applies the limits of a new configuration, also to the calls that wait already. */
  follow(routes: readonly RouteWithLimits[]): void {
    for (const [name, gate] of this.#gates) {
      const route = routes.find((each) => each.name === name)
      gate.setLimits(route?.limits ?? UNLIMITED)
    }
  }

  get states(): GateState[] {
    return [...this.#gates].map(([route, { requests, waiting }]) => ({ route, requests, waiting }))
  }

  /** Called when the gateway stops. After `ms` no call waits any longer, so that each gets a response. */
  endWaitsWithin(ms: number): void {
    this.#endOfWaits = setTimeout(() => {
      this.#room.close()
      for (const gate of this.#gates.values()) gate.refuseWaiting()
    }, ms).unref()
  }

  close(): void {
    clearTimeout(this.#endOfWaits)
  }
}

class Room implements WaitingRoom {
  #isClosed = false
  #requests = 0
  #bytes = 0
  readonly #limits: () => RoomLimits

  constructor(limits: () => RoomLimits) {
    this.#limits = limits
  }

  enter(bytes: number): boolean {
    const { maxRequestsInFlight, maxBufferedBytes } = this.#limits()
    const hasPlace = this.#requests + 1 <= maxRequestsInFlight * WAITING_SHARE
    const hasMemory = this.#bytes + bytes <= maxBufferedBytes * WAITING_SHARE
    if (this.#isClosed || !hasPlace || !hasMemory) return false
    this.#requests += 1
    this.#bytes += bytes
    return true
  }

  leave(bytes: number): void {
    this.#requests -= 1
    this.#bytes -= bytes
  }

  close(): void {
    this.#isClosed = true
  }
}
