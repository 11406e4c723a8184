/**
 * The resources that all requests share: places in flight, and bytes of bodies in memory. Each exchange has one
 * `Hold`, and everything that it took is released when the hold ends.
 */
import type { LimitsPolicy } from '../admit/policy.ts'

/**
 * An eighth of the memory is reserved for bodies up to this length, so that large bodies cannot exclude small
 * ones.
 */
const SMALL_BODY_BYTES = 65_536
const LARGE_SHARE = 7 / 8

/**
 * The share of places in flight that passthrough routes may use. There any client can occupy a place with an
 * idle WebSocket, and Inngest's calls still need places.
 */
const OPEN_SHARE = 7 / 8

type CapacityLimits = Pick<LimitsPolicy, 'maxRequestsInFlight' | 'maxBufferedBytes'>

export class Capacity {
  readonly #ledger: Ledger

  /** @param limits is called each time, because a reload may change the limits. */
  constructor(limits: () => CapacityLimits) {
    this.#ledger = new Ledger(limits)
  }

  get bufferedBytes(): number {
    return this.#ledger.bytes
  }

  hold(): Hold {
    return new Hold(this.#ledger)
  }
}

class Ledger {
  requests = 0
  bytes = 0
  /** The requests of users, by the name of the route, because the next configuration has the same names. */
  readonly routes = new Map<string, number>()
  readonly #limits: () => CapacityLimits

  constructor(limits: () => CapacityLimits) {
    this.#limits = limits
  }

  takePlace(isForVerified: boolean): boolean {
    const { maxRequestsInFlight } = this.#limits()
    const openShare = Math.max(1, Math.floor(maxRequestsInFlight * OPEN_SHARE))
    const most = isForVerified ? maxRequestsInFlight : openShare
    if (this.requests >= most) return false
    this.requests += 1
    return true
  }

  takeRoutePlace(route: string, most: number): boolean {
    const count = this.routes.get(route) ?? 0
    if (count >= most) return false
    this.routes.set(route, count + 1)
    return true
  }

  leaveRoute(route: string): void {
    const count = this.routes.get(route) ?? 0
    if (count > 1) this.routes.set(route, count - 1)
    else this.routes.delete(route)
  }

  takeBytes(bytes: number, isSmall: boolean): boolean {
    const { maxBufferedBytes } = this.#limits()
    const most = isSmall ? maxBufferedBytes : maxBufferedBytes * LARGE_SHARE
    if (this.bytes + bytes > most) return false
    this.bytes += bytes
    return true
  }
}

/** Counts the function calls that an app has in flight. */
export interface AppPlaces {
  leave(): void
}

export class Hold {
  readonly #ledger: Ledger
  #hasPlace = false
  #route: string | undefined
  #app: AppPlaces | undefined
  #bytes = 0

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /**
   * @param isForVerified the place is for a route where only verified requests stay.
   * @returns false if no place in flight is left.
   */
  enter(isForVerified: boolean): boolean {
    this.#hasPlace ||= this.#ledger.takePlace(isForVerified)
    return this.#hasPlace
  }

  /** @returns false if the route has its maximum number of requests in flight. */
  enterRoute(route: string, most: number): boolean {
    if (!this.#ledger.takeRoutePlace(route, most)) return false
    this.#route = route
    return true
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a place that was taken for this request, and releases it when the hold ends. */
  keepAppPlace(app: AppPlaces): void {
    this.#app = app
  }

  /** @returns false, and reserves nothing, if there is not that much memory left. */
  reserve(bytes: number): boolean {
    const isFree = this.#ledger.takeBytes(bytes, this.#bytes + bytes <= SMALL_BODY_BYTES)
    if (isFree) this.#bytes += bytes
    return isFree
  }

  /** To be called when the body has been written to the app's socket, or was dropped. */
  releaseBytes(): void {
    this.#ledger.bytes -= this.#bytes
    this.#bytes = 0
  }

  end(): void {
    this.releaseBytes()
    if (this.#hasPlace) this.#ledger.requests -= 1
    this.#hasPlace = false
    if (this.#route !== undefined) this.#ledger.leaveRoute(this.#route)
    this.#route = undefined
    this.#app?.leave()
    this.#app = undefined
  }
}
