/**
 * What all requests together may hold: places in flight, and bytes of bodies in memory. Each
 * exchange has one `Hold` on it, and whatever it took comes back when the hold ends.
 */
import type { LimitsPolicy } from '../policy.ts'

/** An eighth of the memory is for bodies up to this length: large ones cannot crowd small ones out. */
const SMALL_BODY_BYTES = 65_536

export class Capacity {
  readonly #limits: Pick<LimitsPolicy, 'maxRequestsInFlight' | 'maxBufferedBytes'>
  #requests = 0
  #bufferedBytes = 0

  constructor(limits: Pick<LimitsPolicy, 'maxRequestsInFlight' | 'maxBufferedBytes'>) {
    this.#limits = limits
  }

  get requests(): number {
    return this.#requests
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  hold(): Hold {
    return new Hold({
      takePlace: () => {
        const isFree = this.#requests < this.#limits.maxRequestsInFlight
        if (isFree) this.#requests += 1
        return isFree
      },
      givePlaceBack: () => {
        this.#requests -= 1
      },
      takeBytes: (bytes, isSmall) => {
        const { maxBufferedBytes } = this.#limits
        const most = isSmall ? maxBufferedBytes : maxBufferedBytes * (7 / 8)
        const isFree = this.#bufferedBytes + bytes <= most
        if (isFree) this.#bufferedBytes += bytes
        return isFree
      },
      giveBytesBack: (bytes) => {
        this.#bufferedBytes -= bytes
      },
    })
  }
}

interface Ledger {
  readonly takePlace: () => boolean
  readonly givePlaceBack: () => void
  readonly takeBytes: (bytes: number, isSmall: boolean) => boolean
  readonly giveBytesBack: (bytes: number) => void
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
    this.#ledger.giveBytesBack(this.#bytes)
    this.#bytes = 0
  }

  end(): void {
    this.releaseBytes()
    if (this.#hasPlace) this.#ledger.givePlaceBack()
    this.#hasPlace = false
  }
}
