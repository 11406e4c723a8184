/** The canonical form against an independent implementation, `canonicalize`, and against bad input. */
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalizeJson } from '../../gateway/inngest/jcs/canonical-json.ts'
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

  it('maps its own output to the same output', () => {
    fc.assert(
      fc.property(value, (candidate) => {
        const once = canonical(JSON.stringify(candidate))
        expect(once && canonical(once)).toBe(once)
      }),
      fuzz(),
    )
  })

  it('agrees for near JSON with a strict parser, or is none, and never throws', () => {
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

  it('never throws for any bytes, and is none where a strict decoder has none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const made = canonicalizeJson(bytes)
        if (made !== undefined) new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      }),
      fuzz(),
    )
  })

  it('puts members in order whatever their names, however they are nested and escaped', () => {
    const letters = [
      'a',
      '"',
      '\\',
      '\n',
      '\u0001',
      '\u007f',
      'é',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '😀',
    ]
    const name = fc.string({ unit: fc.constantFrom(...letters), maxLength: 5 })
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.constantFrom(0, 1e21, 1e-7, 'x', null),
        fc.array(fc.tuple(name, tie('tree')), { maxLength: 40 }).map(Object.fromEntries),
        fc.array(tie('tree'), { maxLength: 5 }),
      ),
    }))
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.nat(2)), (candidate, choices) => {
        const text = JSON.stringify(candidate)
        // Any character may be escaped, and escapes be written in either case.
        const spelt = text.replace(/[aé\ud7ff\ue000\uffff]/g, (character) => {
          const choice = Number(choices.next().value)
          const hex = character.charCodeAt(0).toString(16).padStart(4, '0')
          return choice === 0 ? character : `\\u${choice === 1 ? hex : hex.toUpperCase()}`
        })
        // Not of what JSON.parse makes of it, which mixes up escaped names (nodejs/node issue 63785).
        expect(canonical(spelt)).toBe(canonicalize(candidate))
      }),
      fuzz(0.3),
    )
  })

  it('refuses a name that comes again, wherever in the object and however it is written', () => {
    const names = fc.uniqueArray(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      {
        minLength: 1,
        maxLength: 60,
      },
    )
    fc.assert(
      fc.property(names, fc.nat(), fc.nat(), fc.boolean(), (all, from, to, isEscaped) => {
        const again = JSON.stringify(all[from % all.length])
        const members = all.map((name) => `${JSON.stringify(name)}:0`)
        expect(canonical(`{${members.join()}}`)).toBeDefined()
        const spelt = isEscaped ? again.replace('a', '\\u0061') : again
        expect(
          canonical(`{${members.toSpliced(to % (all.length + 1), 0, `${spelt}:0`).join()}}`),
        ).toBe(undefined)
      }),
      fuzz(0.3),
    )
  })

  it('writes a decimal as the engine does', () => {
    const digits = fc.stringMatching(/^\d{1,17}$/)
    const decimal = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.stringMatching(/^(?:0|[1-9]\d{0,16})$/),
        fc.constantFrom('', '0', '000000'),
        digits,
      )
      .map(([sign, whole, zeros, fraction]) => `${sign}${whole}.${zeros}${fraction}`)
    fc.assert(
      fc.property(decimal, (text) => {
        expect(canonical(text)).toBe(String(Number(text)))
      }),
      fuzz(),
    )
  })
})
