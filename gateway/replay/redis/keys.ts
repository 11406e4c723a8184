/**
 * The names of the keys in Redis. A script may touch keys of one cluster slot only, and reads since
 * when claims are kept together with each claim. In a cluster the claims are therefore spread over
 * buckets, each in one slot (by its hash tag) and with a mark of its own.
 */
import { createHash } from 'node:crypto'

/** They fall evenly on three to five nodes: 21, 22 and 21; 13, 14, 10, 13 and 14. */
const BUCKETS = 64

export class RedisKeys {
  /** Where it is written since when claims are kept: one for each bucket. */
  readonly marks: readonly string[]
  readonly #prefix: string
  readonly #isCluster: boolean

  constructor(prefix: string, isCluster: boolean) {
    this.#prefix = prefix
    this.#isCluster = isCluster
    this.marks = isCluster
      ? Array.from({ length: BUCKETS }, (_, bucket) => `${prefix}{${String(bucket)}}:since`)
      : [`${prefix}since`]
  }

  /**
   * @param shared the MAC that is claimed in the same step, if there is one.
   * @returns the mark that is read together with a claim, the claim, and that of the shared MAC or the claim again.
   */
  ofClaim(
    key: Uint8Array,
    shared: Uint8Array = key,
  ): readonly [mark: string, claim: string, shared: string] {
    const [text, sharedText] = [textOf(key), textOf(shared)]
    const prefix = this.#prefix
    if (!this.#isCluster)
      return [`${prefix}since`, `${prefix}{${text}}`, `${prefix}{${sharedText}}`]
    const bucket = `${prefix}{${String((shared[0] ?? 0) % BUCKETS)}}`
    return [`${bucket}:since`, `${bucket}:${text}`, `${bucket}:${sharedText}`]
  }

  /**
   * In a cluster all pairs are in one slot, together with their count: they are read seldom.
   * @returns where the pair of functions is (pairs/redis-pairs.ts), and the count of new ones.
   */
  ofPair(key: string): readonly [pair: string, count: string] {
    const hash = createHash('sha256').update(key).digest('base64url')
    return [`${this.#prefix}{pairs}:${hash}`, `${this.#prefix}{pairs}:new`]
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64url')
}

/** Of bounded length, whatever the target is called. */
export function rearmedKey(claim: string, target: string): string {
  return `${claim}:to:${createHash('sha256').update(target).digest('base64url')}`
}
