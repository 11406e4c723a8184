/**
 * The replay store of one process. Claims are kept in one set for each signed second: equal
 * requests share their timestamp, so a look-up touches one set, and a second that has expired is
 * forgotten whole. No sweep walks the entries.
 */
import type { Claim, ClaimOutcome, ReplayStore } from './store.ts'

export interface MemoryStoreOptions {
  /** Most claims held at once. */
  readonly maxEntries: number
  /**
   * Signatures of an earlier second are refused: an earlier process may have admitted them (RFC
   * 4120 3.2.3 asks the same of a server that lost its cache). Unix seconds; 0 accepts all.
   */
  readonly remembersFromSeconds: number
}

interface SignedSecond {
  expiresAtSeconds: number
  readonly keys: Set<string>
}

export class MemoryReplayStore implements ReplayStore {
  readonly capacity: number
  readonly #seconds = new Map<number, SignedSecond>()
  #entries = 0
  #remembersFromSeconds: number
  #sweptAtSeconds = 0

  constructor(options: MemoryStoreOptions) {
    this.capacity = options.maxEntries
    this.#remembersFromSeconds = options.remembersFromSeconds
  }

  get entries(): number {
    return this.#entries
  }

  claim(claim: Claim, nowMs: number): Promise<ClaimOutcome> {
    return Promise.resolve(this.#claim(claim, nowMs))
  }

  #claim({ key, timestampSeconds, expiresAtSeconds }: Claim, nowMs: number): ClaimOutcome {
    this.#forgetExpired(Math.floor(nowMs / 1000))
    if (timestampSeconds < this.#remembersFromSeconds) return 'before_start'
    const second = this.#seconds.get(timestampSeconds) ?? { expiresAtSeconds, keys: new Set() }
    // latin1 keeps 32 bytes in 32 one-byte characters; hex would take twice the room.
    const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
    if (second.keys.has(text)) return 'duplicate'
    if (this.#entries >= this.capacity) return 'full'
    second.keys.add(text)
    second.expiresAtSeconds = Math.max(second.expiresAtSeconds, expiresAtSeconds)
    this.#seconds.set(timestampSeconds, second)
    this.#entries += 1
    return 'claimed'
  }

  /**
   * Forgets the seconds whose every claim has expired, at most once a second: a few hundred sets
   * are looked at. What is forgotten is also never remembered again, so that a clock that steps
   * back does not reopen the window for it.
   */
  #forgetExpired(nowSeconds: number): void {
    if (nowSeconds <= this.#sweptAtSeconds) return
    this.#sweptAtSeconds = nowSeconds
    for (const [timestampSeconds, second] of this.#seconds) {
      if (second.expiresAtSeconds >= nowSeconds) continue
      this.#seconds.delete(timestampSeconds)
      this.#entries -= second.keys.size
      this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, timestampSeconds + 1)
    }
  }
}
