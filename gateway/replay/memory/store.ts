/**
 * The replay store of one process. Claims are kept in one map for each second of signatures. Equal requests
 * share their timestamp, so a look-up reads one map, and an expired second is deleted as a whole. No sweep
 * visits single entries.
 */
import { sharedKinds, type SharedMac } from '../../admit/facts.ts'
import {
  MAX_REDIRECTS,
  MAX_SHARED_CLAIMS,
  type Claim,
  type ClaimOutcome,
  type ReplayStore,
} from '../store.ts'

export interface MemoryStoreOptions {
  /** Most claims held at once. */
  readonly maxEntries: number
  /**
   * Signatures of an earlier second are refused: an earlier process may have admitted them (RFC 4120 3.2.3
   * requires the same of a server that lost its cache). Unix seconds; 0 accepts all.
   */
  readonly remembersFromSeconds: number
}

interface SignedSecond {
  expiresAtSeconds: number
  /** For each key, the request that used it last. For a MAC that several share, their number (`sharedBy`). */
  readonly keys: Map<string, number>
  /** The keys that a redirect made usable again; rare. */
  readonly rearmed: Map<string, Rearmed>
}

interface Rearmed {
  /** How often each target may still use the key; 0 once it has. */
  readonly targets: Map<string, number>
  redirects: number
}

/** No request has this number. */
const NOBODY = -1

/** Smaller numbers stand for a kind and a count, so that a shared MAC is an entry like any other. */
const SHARED_BELOW = NOBODY

/** @returns the number stored for a MAC that `count` requests of a kind share. */
function sharedBy(kind: SharedMac['kind'], count: number): number {
  return SHARED_BELOW - 1 - (sharedKinds.indexOf(kind) * (MAX_SHARED_CLAIMS + 1) + count)
}

/**
 * @param kept the number stored for a MAC; undefined if the MAC is not claimed.
 * @returns how many requests of the kind share it; undefined if it is claimed for another kind, or alone.
 */
function sharersOf(kept: number | undefined, kind: SharedMac['kind']): number | undefined {
  if (kept === undefined) return 0
  const count = sharedBy(kind, 0) - kept
  return count > 0 && count <= MAX_SHARED_CLAIMS ? count : undefined
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

  get remembersFromSeconds(): number {
    return this.#remembersFromSeconds
  }

  /** Local memory is always available. */
  get unavailableBecause(): undefined {
    return undefined
  }

  claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const { shared } = claim
    return Promise.resolve(
      shared === undefined
        ? this.#claim(claim, target, nowMs)
        : this.#claimSharing(claim, shared, target, nowMs),
    )
  }

  rearm({ key, timestampSeconds }: Claim, target: string, nowMs: number): Promise<boolean> {
    this.#forgetExpired(Math.floor(nowMs / 1000))
    const second = this.#seconds.get(timestampSeconds)
    const text = keyText(key)
    if (second?.keys.has(text) !== true) return Promise.resolve(false)
    const rearmed = second.rearmed.get(text) ?? { targets: new Map<string, number>(), redirects: 0 }
    if (rearmed.redirects >= MAX_REDIRECTS) return Promise.resolve(false)
    rearmed.redirects += 1
    rearmed.targets.set(target, (rearmed.targets.get(target) ?? 0) + 1)
    second.rearmed.set(text, rearmed)
    return Promise.resolve(true)
  }

  release(claim: Claim, followed: string | undefined): Promise<boolean> {
    const { key, shared, timestampSeconds, owner } = claim
    const second = this.#seconds.get(timestampSeconds)
    const text = keyText(key)
    if (second?.keys.get(text) !== owner) return Promise.resolve(false)
    if (followed === undefined) {
      this.#forget(second, text)
      if (shared !== undefined) this.#releaseShared(second, shared)
      return Promise.resolve(true)
    }
    const targets = second.rearmed.get(text)?.targets
    const times = targets?.get(followed)
    if (targets === undefined || times === undefined) return Promise.resolve(false)
    targets.set(followed, times + 1)
    // This request has nothing left to release.
    second.keys.set(text, NOBODY)
    return Promise.resolve(true)
  }

  isClaimed(mac: Uint8Array, timestampSeconds: number, nowMs: number): Promise<boolean> {
    this.#forgetExpired(Math.floor(nowMs / 1000))
    const isKnown = this.#seconds.get(timestampSeconds)?.keys.has(keyText(mac)) === true
    return Promise.resolve(isKnown || timestampSeconds < this.#remembersFromSeconds)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #claim(claim: Claim, target: () => string, nowMs: number): ClaimOutcome {
    const { key, timestampSeconds, expiresAtSeconds, owner } = claim
    this.#forgetExpired(Math.floor(nowMs / 1000))
    if (timestampSeconds < this.#remembersFromSeconds) return 'before_start'
    const second = this.#seconds.get(timestampSeconds) ?? newSecond(expiresAtSeconds)
    const text = keyText(key)
    if (second.keys.has(text)) return useAgain(second, text, target, owner)
    if (this.#entries >= this.capacity) return 'full'
    second.keys.set(text, owner)
    second.expiresAtSeconds = Math.max(second.expiresAtSeconds, expiresAtSeconds)
    this.#seconds.set(timestampSeconds, second)
    this.#entries += 1
    return 'claimed'
  }

  /** A method of its own, so that the claim of a function call, which shares no MAC, costs nothing more. */
  #claimSharing(
    claim: Claim,
    { mac, kind }: SharedMac,
    target: () => string,
    nowMs: number,
  ): ClaimOutcome {
    this.#forgetExpired(Math.floor(nowMs / 1000))
    const text = keyText(mac)
    const keys = this.#seconds.get(claim.timestampSeconds)?.keys
    const count = sharersOf(keys?.get(text), kind)
    if (count === undefined) return 'other_kind'
    const isSpent = keys?.has(keyText(claim.key)) === true
    if (count === MAX_SHARED_CLAIMS && !isSpent) return 'too_many'
    // The MAC takes an entry of its own.
    if (count === 0 && this.#entries + 2 > this.capacity) return 'full'
    const outcome = this.#claim(claim, target, nowMs)
    if (outcome !== 'claimed') return outcome
    this.#seconds.get(claim.timestampSeconds)?.keys.set(text, sharedBy(kind, count + 1))
    if (count === 0) this.#entries += 1
    return outcome
  }

  #releaseShared(second: SignedSecond, { mac, kind }: SharedMac): void {
    const text = keyText(mac)
    const count = sharersOf(second.keys.get(text), kind) ?? 0
    if (count > 1) second.keys.set(text, sharedBy(kind, count - 1))
    else this.#forget(second, text)
  }

  #forget({ keys }: SignedSecond, text: string): void {
    if (keys.delete(text)) this.#entries -= 1
  }

  /**
   * Deletes the seconds of which every claim has expired, at most once a second; there are a few hundred.
   * Signatures of a deleted second are refused from then on, so that a clock that steps back does not admit
   * them again. Such a step does not delay the next deletion either.
   */
  #forgetExpired(nowSeconds: number): void {
    const isSteppedBack = nowSeconds < this.#sweptAtSeconds - 1
    if (nowSeconds <= this.#sweptAtSeconds && !isSteppedBack) return
    this.#sweptAtSeconds = nowSeconds
    for (const [timestampSeconds, second] of this.#seconds) {
      if (second.expiresAtSeconds >= nowSeconds) continue
      this.#seconds.delete(timestampSeconds)
      this.#entries -= second.keys.size
      this.#remembersFromSeconds = Math.max(this.#remembersFromSeconds, timestampSeconds + 1)
    }
  }
}

function newSecond(expiresAtSeconds: number): SignedSecond {
  return { expiresAtSeconds, keys: new Map(), rearmed: new Map() }
}

/** latin1 stores 32 bytes as 32 one-byte characters; hex would take twice the memory. */
function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** Uses up one of the repeats that a redirect granted to this target. */
function useAgain(
  { keys, rearmed }: SignedSecond,
  text: string,
  target: () => string,
  owner: number,
): ClaimOutcome {
  if ((keys.get(text) ?? NOBODY) < SHARED_BELOW) return 'other_kind'
  const targets = rearmed.get(text)?.targets
  if (targets === undefined) return 'duplicate'
  const name = target()
  const times = targets.get(name)
  if (times === undefined) return 'duplicate'
  if (times === 0) return 'followed_before'
  targets.set(name, times - 1)
  keys.set(text, owner)
  return 'followed'
}
