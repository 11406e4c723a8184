/**
 * Any order of claims, redirects, expiries and clock steps, beside a model that forgets nothing: no
 * claim is admitted twice within its life, and none that is new and fresh is taken for spent.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { MemoryReplayStore } from '../../../../gateway/replay/memory/store.ts'
import { fuzz } from '../../../support/fuzz.ts'

const MAX_AGE = 300
const TOLERANCE = 300
const START = 1_700_000_000

type Step =
  | { readonly kind: 'claim'; readonly key: number; readonly age: number; readonly target: string }
  | { readonly kind: 'rearm'; readonly key: number; readonly target: string }
  | { readonly kind: 'clock'; readonly bySeconds: number }

const target = fc.constantFrom('a', 'b', 'c')
const key = fc.integer({ min: 0, max: 9 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      key,
      age: fc.integer({ min: -TOLERANCE, max: MAX_AGE }),
      target,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rearm' as const), key, target }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      bySeconds: fc.integer({ min: -900, max: 900 }),
    }),
  },
)

/** Each key is signed at one time, as a MAC is. */
class Model {
  readonly signedAt = new Map<number, number>()
  readonly admitted = new Set<number>()
  readonly armed = new Map<number, string[]>()
}

const bytesOf = (key: number, timestampSeconds: number) => {
  const bytes = Buffer.alloc(32, key)
  bytes.writeUInt32BE(timestampSeconds, 0)
  return bytes
}

/** A gateway with a clock, a store and a model of what it must do. */
class Scene {
  readonly #store = new MemoryReplayStore({ maxEntries: 1000, remembersFromSeconds: 0 })
  readonly #model = new Model()
  #nowSeconds = START

  async take(each: Step): Promise<void> {
    if (each.kind === 'clock') this.#nowSeconds += each.bySeconds
    else if (each.kind === 'rearm') await this.#rearm(each.key, each.target)
    else await this.#claim(each.key, each.age, each.target)
  }

  #claimOf(key: number, age: number) {
    const signedAt = this.#model.signedAt.get(key) ?? this.#nowSeconds - age
    this.#model.signedAt.set(key, signedAt)
    const expiresAtSeconds = signedAt + MAX_AGE + TOLERANCE
    return {
      key: bytesOf(key, signedAt),
      timestampSeconds: signedAt,
      expiresAtSeconds,
      shared: undefined,
      owner: 1,
    }
  }

  async #rearm(key: number, to: string): Promise<void> {
    const isRearmed = await this.#store.rearm(this.#claimOf(key, 0), to, this.#nowSeconds * 1000)
    if (!isRearmed) return
    expect(this.#model.admitted.has(key)).toBe(true)
    this.#model.armed.set(key, [...(this.#model.armed.get(key) ?? []), to])
  }

  async #claim(key: number, age: number, to: string): Promise<void> {
    const claim = this.#claimOf(key, age)
    // What is not fresh never reaches the store.
    const now = this.#nowSeconds - claim.timestampSeconds
    if (now > MAX_AGE || now < -TOLERANCE) return
    const outcome = await this.#store.claim(claim, () => to, this.#nowSeconds * 1000)
    if (outcome === 'claimed') {
      expect(this.#model.admitted.has(key)).toBe(false)
      this.#model.admitted.add(key)
    } else if (outcome === 'followed') {
      const armed = this.#model.armed.get(key) ?? []
      expect(armed).toContain(to)
      armed.splice(armed.indexOf(to), 1)
    }
  }
}

async function run(steps: readonly Step[]): Promise<void> {
  const scene = new Scene()
  for (const each of steps) await scene.take(each)
}

describe('MemoryReplayStore, beside a model,', () => {
  it('admits nothing twice, in any order of claims, redirects, expiries and clock steps', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), fuzz())
  })

  it('takes every first use while its clock does not step back', async () => {
    const forwards = fc.array(
      fc.record({
        wait: fc.integer({ min: 0, max: 700 }),
        age: fc.integer({ min: -TOLERANCE, max: MAX_AGE }),
      }),
      { maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(forwards, async (calls) => {
        const store = new MemoryReplayStore({ maxEntries: 1000, remembersFromSeconds: 0 })
        let nowSeconds = START
        for (const [i, { wait, age }] of calls.entries()) {
          nowSeconds += wait
          const timestampSeconds = nowSeconds - age
          const expiresAtSeconds = timestampSeconds + MAX_AGE + TOLERANCE
          const key = bytesOf(i, timestampSeconds)
          const claim = { key, timestampSeconds, expiresAtSeconds, shared: undefined, owner: 1 }
          expect(await store.claim(claim, () => 'a', nowSeconds * 1000)).toBe('claimed')
        }
      }),
      fuzz(),
    )
  })
})
