/**
 * What all requests together may hold: places in flight, and bytes of bodies in memory. Each
 * exchange has one `Hold` on it, and whatever it took comes back when the hold ends.
 */
import type { LimitsPolicy } from '../policy.ts'

/** An eighth of the memory is for bodies up to this length: large ones cannot crowd small ones out. */
const SMALL_BODY_BYTES = 65_536

type CapacityLimits = Pick<LimitsPolicy, 'maxRequestsInFlight' | 'maxBufferedBytes'>

export class Capacity {
  readonly #ledger: Ledger

  /** @param limits asked for each time, since a reload may change them. */
  constructor(limits: () => CapacityLimits) {
    this.#ledger = new Ledger(limits)
  }

  get requests(): number {
    return this.#ledger.requests
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
  readonly #limits: () => CapacityLimits

  constructor(limits: () => CapacityLimits) {
    this.#limits = limits
  }

  takePlace(): boolean {
    if (this.requests >= this.#limits().maxRequestsInFlight) return false
    this.requests += 1
    return true
  }

  takeBytes(bytes: number, isSmall: boolean): boolean {
    const { maxBufferedBytes } = this.#limits()
    const most = isSmall ? maxBufferedBytes : maxBufferedBytes * (7 / 8)
    if (this.bytes + bytes > most) return false
    this.bytes += bytes
    return true
  }
}

export class Hold {
  readonly #ledger: Ledger
  #hasPlace = false
  #bytes = 0

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** @returns false if no place in flight is left. */
  enter(): boolean {
    this.#hasPlace ||= this.#ledger.takePlace()
    return this.#hasPlace
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
  }
}
