/**
 * The replay store that replicas share, in Redis or Valkey. A claim is one script (scripts.ts);
 * the keys of one claim share a hash tag, so that a cluster keeps them on one node.
 */
import { randomBytes } from 'node:crypto'

import { askInTime } from '../ask-in-time.ts'
import { ClaimTtl } from '../claim-ttl.ts'
import type { RedisClient } from './client.ts'
import { rearmedKey, type RedisKeys } from './keys.ts'
import type { RedisHealth } from './health.ts'
import { MARGIN_SECONDS } from './history-horizon.ts'
import {
  claimScript,
  claimSharedScript,
  followScript,
  rearmScript,
  releaseScript,
  releaseSharedScript,
  restoreScript,
} from './scripts.ts'
import {
  MAX_REDIRECTS,
  MAX_SHARED_CLAIMS,
  type Claim,
  type ClaimOutcome,
  type ReplayStore,
} from '../store.ts'

export interface RedisStoreOptions {
  readonly client: RedisClient
  readonly link: RedisHealth
  readonly keys: RedisKeys
  /** For a whole claim, redirect or release. */
  readonly timeoutMs: number
  /** Signatures of before Redis remembers are refused. */
  readonly refusesBeforeStart: boolean
}

export class RedisReplayStore implements ReplayStore {
  /** Counted by the server, with those of every other replica. */
  readonly entries = undefined
  readonly capacity = undefined
  readonly #options: RedisStoreOptions
  readonly #lives = new ClaimTtl()
  /** Owners are numbered by each replica for itself. */
  readonly #replica = randomBytes(12).toString('base64url')

  constructor(options: RedisStoreOptions) {
    this.#options = options
  }

  get unavailableBecause(): string | undefined {
    return this.#options.link.unavailableBecause
  }

  get remembersFromSeconds(): number {
    const { link, refusesBeforeStart } = this.#options
    return refusesBeforeStart ? link.memory.remembersFromSeconds : 0
  }

  claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    return this.#inTime(() => this.#claim(claim, target, nowMs))
  }

  rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    return this.#inTime(() => this.#rearm(claim, target, nowMs))
  }

  release(claim: Claim, followed: string | undefined): Promise<boolean> {
    return this.#inTime(() => this.#release(claim, followed))
  }

  isClaimed(mac: Uint8Array, timestampSeconds: number): Promise<boolean> {
    return this.#inTime(() => this.#isClaimed(mac, timestampSeconds))
  }

  close(): Promise<void> {
    this.#options.link.close()
    return Promise.resolve()
  }

  async #claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const { client, keys, link } = this.#options
    const { timestampSeconds } = claim
    if (timestampSeconds < this.remembersFromSeconds) return 'before_start'
    const lifeMs = this.#lives.lifeMs(claim, nowMs)
    // Whatever the operator accepts of before a start: this was perhaps claimed by this very process.
    if (this.#lives.mayBeOver(claim, nowMs)) return 'before_start'
    const { shared } = claim
    const [markKey, key, sharedKey] = keys.ofClaim(claim.key, shared?.mac)
    const owner = this.#ownerOf(claim)
    const args = [owner, lifeMs, link.memory.lossSeconds(nowMs), this.#latestMark(claim)]
    link.memory.claimed(timestampSeconds, nowMs)
    const outcome =
      shared === undefined
        ? await claimScript.run(client, [markKey, key], args)
        : await claimSharedScript.run(
            client,
            [markKey, key, sharedKey],
            [...args, shared.kind, MAX_SHARED_CLAIMS],
          )
    if (outcome === 'claimed') return this.#confirm(claim, outcome)
    if (outcome === 'before_start' || outcome === 'other_kind' || outcome === 'too_many') {
      return outcome
    }
    const taken = await followScript.run(client, [key, rearmedKey(key, target())], [owner])
    return taken === 1 ? this.#confirm(claim, 'followed') : 'duplicate'
  }

  #latestMark({ timestampSeconds }: Claim): number {
    const { refusesBeforeStart } = this.#options
    return refusesBeforeStart ? timestampSeconds - MARGIN_SECONDS : Number.MAX_SAFE_INTEGER
  }

  #ownerOf({ owner }: Claim): string {
    return `${this.#replica}.${String(owner)}`
  }

  /**
   * A cluster may have been led to a server that was not looked at before: one that was started
   * again knows no claims. @throws if it cannot be told yet.
   */
  #confirm({ timestampSeconds }: Claim, outcome: ClaimOutcome): ClaimOutcome {
    const { link, refusesBeforeStart } = this.#options
    const why = link.unavailableBecause
    if (why !== undefined) throw new Error(`replay store unavailable: ${why}`)
    const isBefore = timestampSeconds < link.memory.remembersFromSeconds
    return refusesBeforeStart && isBefore ? 'before_start' : outcome
  }

  async #rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    const { client, keys } = this.#options
    const [, key] = keys.ofClaim(claim.key, claim.shared?.mac)
    const names = [key, `${key}:redirects`, rearmedKey(key, target)]
    const args = [this.#lives.lifeMs(claim, nowMs), MAX_REDIRECTS]
    return (await rearmScript.run(client, names, args)) === 1
  }

  async #release(claim: Claim, followed: string | undefined): Promise<boolean> {
    const { client, keys } = this.#options
    const [, key, sharedKey] = keys.ofClaim(claim.key, claim.shared?.mac)
    const owner = [this.#ownerOf(claim)]
    if (followed === undefined) {
      const released =
        claim.shared === undefined
          ? await releaseScript.run(client, [key], owner)
          : await releaseSharedScript.run(client, [key, sharedKey], owner)
      return released === 1
    }
    return (await restoreScript.run(client, [key, rearmedKey(key, followed)], owner)) === 1
  }

  async #isClaimed(mac: Uint8Array, timestampSeconds: number): Promise<boolean> {
    const { client, keys } = this.#options
    if (timestampSeconds < this.remembersFromSeconds) return true
    const [, key] = keys.ofClaim(mac)
    return (await client.exists(key)) > 0
  }

  #inTime<T>(ask: () => Promise<T>): Promise<T> {
    return askInTime(ask, this.unavailableBecause, this.#options.timeoutMs)
  }
}
