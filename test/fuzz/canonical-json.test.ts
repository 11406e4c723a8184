/** The canonical form against an independent implementation, `canonicalize`, and against bad input. */
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalizeJson } from '../../gateway/inngest/canonical-json.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const canonical = (text: string | Uint8Array) => {
  const bytes = canonicalizeJson(typeof text === 'string' ? Buffer.from(text) : text)
  return bytes && Buffer.from(bytes).toString()
}

/** Without what has no canonical form: lone surrogates. */
const value = fc
  .jsonValue({ maxDepth: 6, stringUnit: 'binary' })
  .filter(
    (candidate) =>
      JSON.stringify(candidate).isWellFormed() && !/\\ud[89a-f]/.test(JSON.stringify(candidate)),
  )

describe('the canonical form', () => {
  it('is what the independent implementation makes of any value, however it is written', () => {
    const written = fc.tuple(value, fc.constantFrom(undefined, 1, '\t', ' \r\n'))
    fc.assert(
      fc.property(written, ([candidate, space]) => {
        const text = JSON.stringify(candidate, undefined, space)
        expect(canonical(text)).toBe(canonicalize(JSON.parse(text)))
      }),
      fuzz(),
    )
  })

  it('escapes aside, numbers in any notation have one form', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc
        .tuple(fc.integer(), fc.nat(60), fc.integer({ min: -330, max: 330 }))
        .map(
          ([whole, fraction, exponent]) =>
            `${String(whole)}.${String(fraction)}e${String(exponent)}`,
        ),
    )
    fc.assert(
      fc.property(number, (text) => {
        const made = canonical(text)
        const read = Number(text)
        if (made === undefined) return !Number.isFinite(read) || !/^-?(?:0|[1-9])/.test(text)
        return made === canonicalize(read)
      }),
      fuzz(),
    )
  })

  it('of its own output is its output', () => {
    fc.assert(
      fc.property(value, (candidate) => {
        const once = canonical(JSON.stringify(candidate))
        expect(once && canonical(once)).toBe(once)
      }),
      fuzz(),
    )
  })

  it('of near JSON either is what a strict parser reads, or is none; and it never throws', () => {
    fc.assert(
      fc.property(mutated(fc.json(), '{}[]",:\\u0e+-.\n'), (text) => {
        const made = canonical(text)
        if (made === undefined) return
        // Had it been read more laxly than JSON.parse reads it, this would throw.
        expect(made).toBe(canonicalize(JSON.parse(text)))
      }),
      fuzz(),
    )
  })

  it('of any bytes never throws, and is none where a strict decoder has none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const made = canonicalizeJson(bytes)
        if (made !== undefined) new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      }),
      fuzz(),
    )
  })
})
