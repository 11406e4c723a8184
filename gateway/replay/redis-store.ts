/**
 * The replay store that replicas share, in Redis or Valkey. A claim is one `SET NX PX`; the keys of
 * one claim share a hash tag, so that a cluster keeps them on one node.
 */
import { createHash } from 'node:crypto'

import { setAnswerDeadline } from './answer-deadline.ts'
import { ClaimLives } from './claim-lives.ts'
import type { RedisClient } from './redis-client.ts'
import type { RedisLink } from './redis-link.ts'
import { MAX_REDIRECTS, type Claim, type ClaimOutcome, type ReplayStore } from './store.ts'

export interface RedisStoreOptions {
  readonly client: RedisClient
  readonly link: RedisLink
  readonly keyPrefix: string
  /** For a whole claim or redirect. */
  readonly timeoutMs: number
  /** Signatures of before Redis remembers are refused. */
  readonly refusesBeforeStart: boolean
}

export class RedisReplayStore implements ReplayStore {
  /** Counted by the server, with those of every other replica. */
  readonly entries = undefined
  readonly capacity = undefined
  readonly #options: RedisStoreOptions
  readonly #lives = new ClaimLives()

  constructor(options: RedisStoreOptions) {
    this.#options = options
  }

  get unavailableBecause(): string | undefined {
    return this.#options.link.unavailableBecause
  }

  claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    return this.#inTime(() => this.#claim(claim, target, nowMs))
  }

  rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    return this.#inTime(() => this.#rearm(claim, target, nowMs))
  }

  close(): Promise<void> {
    this.#options.link.close()
    return Promise.resolve()
  }

  async #claim(claim: Claim, target: () => string, nowMs: number): Promise<ClaimOutcome> {
    const { client, link, refusesBeforeStart } = this.#options
    const { remembersFromSeconds } = link.memory
    if (refusesBeforeStart && claim.timestampSeconds < remembersFromSeconds) return 'before_start'
    const lifeMs = this.#lives.lifeMs(claim, nowMs)
    // Whatever the operator accepts of before a start: this was perhaps claimed by this very process.
    if (this.#lives.mayBeOver(claim, nowMs)) return 'before_start'
    const key = this.#keyOf(claim)
    if ((await client.set(key, '', 'PX', lifeMs, 'NX')) === 'OK') {
      return this.#confirm(claim, 'claimed')
    }
    // Atomic: of many that follow a redirect at once, one takes it.
    const taken = await client.getdel(rearmedKey(key, target()))
    return taken === null ? 'duplicate' : this.#confirm(claim, 'followed')
  }

  /**
   * A cluster may have been led to a server that was not looked at before: one that was started
   * again knows no claims. @throws if it cannot be told yet.
   */
  #confirm({ timestampSeconds }: Claim, outcome: ClaimOutcome): ClaimOutcome {
    const { link, refusesBeforeStart } = this.#options
    const why = link.unavailableBecause
    if (why !== undefined) throw new Error(`replay store: ${why}`)
    const isBefore = timestampSeconds < link.memory.remembersFromSeconds
    return refusesBeforeStart && isBefore ? 'before_start' : outcome
  }

  async #rearm(claim: Claim, target: string, nowMs: number): Promise<boolean> {
    const { client } = this.#options
    const key = this.#keyOf(claim)
    const life = this.#lives.lifeMs(claim, nowMs)
    if ((await client.exists(key)) === 0) return false
    const redirects = await client.incr(`${key}:redirects`)
    await client.pexpire(`${key}:redirects`, life)
    if (redirects > MAX_REDIRECTS) return false
    await client.set(rearmedKey(key, target), '', 'PX', life)
    return true
  }

  /** @throws if it cannot be asked, or does not answer in time. */
  #inTime<T>(ask: () => Promise<T>): Promise<T> {
    const why = this.unavailableBecause
    if (why !== undefined) return Promise.reject(new Error(`replay store: ${why}`))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const timer = setAnswerDeadline(this.#options.timeoutMs, () => {
      reject(new Error('replay store: no answer in time'))
    })
    ask()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
      })
    return promise
  }

  #keyOf({ key }: Claim): string {
    const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64url')
    return `${this.#options.keyPrefix}{${text}}`
  }
}

/** Of bounded length, whatever the target is called. */
function rearmedKey(key: string, target: string): string {
  return `${key}:to:${createHash('sha256').update(target).digest('base64url')}`
}
