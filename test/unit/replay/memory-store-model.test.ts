/**
 * Any order of claims, redirects, expiries and clock steps, beside a model that forgets nothing: no
 * claim is admitted twice within its life, and none that is new and fresh is taken for spent.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { MemoryReplayStore } from '../../../gateway/replay/memory-store.ts'
import { fuzz } from '../../support/fuzz.ts'

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
  readonly admitted = new Map<number, number>()
  readonly armed = new Map<number, string[]>()
}

const bytesOf = (key: number, timestampSeconds: number) => {
  const bytes = Buffer.alloc(32, key)
  bytes.writeUInt32BE(timestampSeconds, 0)
  return bytes
}

async function run(steps: readonly Step[]): Promise<void> {
  const store = new MemoryReplayStore({ maxEntries: 1000, remembersFromSeconds: 0 })
  const model = new Model()
  let nowSeconds = START
  for (const each of steps) {
    if (each.kind === 'clock') {
      nowSeconds += each.bySeconds
      continue
    }
    const signedAt =
      model.signedAt.get(each.key) ?? nowSeconds - (each.kind === 'claim' ? each.age : 0)
    model.signedAt.set(each.key, signedAt)
    const claim = {
      key: bytesOf(each.key, signedAt),
      timestampSeconds: signedAt,
      expiresAtSeconds: signedAt + MAX_AGE + TOLERANCE,
    }
    if (each.kind === 'rearm') {
      if (await store.rearm(claim, each.target, nowSeconds * 1000)) {
        expect(model.admitted.has(each.key)).toBe(true)
        model.armed.set(each.key, [...(model.armed.get(each.key) ?? []), each.target])
      }
      continue
    }
    // What is not fresh never reaches the store.
    const age = nowSeconds - signedAt
    if (age > MAX_AGE || age < -TOLERANCE) continue
    const outcome = await store.claim(claim, () => each.target, nowSeconds * 1000)
    if (outcome !== 'claimed') continue
    if (model.admitted.has(each.key)) {
      // Only a redirect to this very target lets it in again.
      const armed = model.armed.get(each.key) ?? []
      expect(armed).toContain(each.target)
      armed.splice(armed.indexOf(each.target), 1)
    }
    model.admitted.set(each.key, nowSeconds)
  }
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
          const claim = { key: bytesOf(i, timestampSeconds), timestampSeconds, expiresAtSeconds }
          expect(await store.claim(claim, () => 'a', nowSeconds * 1000)).toBe('claimed')
        }
      }),
      fuzz(),
    )
  })
})
