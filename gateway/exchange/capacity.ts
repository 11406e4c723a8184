/**
 * What all requests together may hold: places in flight, and bytes of bodies in memory. Each
 * exchange has one `Hold` on it, and whatever it took comes back when the hold ends.
 */
import type { LimitsPolicy } from '../admit/policy.ts'

/** An eighth of the memory is for bodies up to this length: large ones cannot crowd small ones out. */
const SMALL_BODY_BYTES = 65_536
const LARGE_SHARE = 7 / 8

/**
 * What passthrough routes may have of the places in flight: anybody can hold one there for as long
 * as a WebSocket is silent, and Inngest's calls still need theirs.
 */
const OPEN_SHARE = 7 / 8

type CapacityLimits = Pick<LimitsPolicy, 'maxRequestsInFlight' | 'maxBufferedBytes'>

export class Capacity {
  readonly #ledger: Ledger

  /** @param limits asked for each time, since a reload may change them. */
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
  /** Of users, by the name of their route: it is that of the next configuration, too. */
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

/** What counts the function calls that an app has. */
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
   * @param isForVerified on a route where only verified requests stay.
   * @returns false if no place in flight is left.
   */
  enter(isForVerified: boolean): boolean {
    this.#hasPlace ||= this.#ledger.takePlace(isForVerified)
    return this.#hasPlace
  }

  /** @returns false if a route has as many requests in flight as it may. */
  enterRoute(route: string, most: number): boolean {
    if (!this.#ledger.takeRoutePlace(route, most)) return false
    this.#route = route
    return true
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The place was taken for this request. It is given back when the hold ends. */
  keepAppPlace(app: AppPlaces): void {
    this.#app = app
  }

  /** @returns false, and takes nothing, if there is not that much memory left. */
  reserve(bytes: number): boolean {
    const isFree = this.#ledger.takeBytes(bytes, this.#bytes + bytes <= SMALL_BODY_BYTES)
    if (isFree) this.#bytes += bytes
    return isFree
  }

  /** The body has left: into the app's socket, or nowhere. */
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
