/** Copies of bodies with planted secrets: none of them is in a copy, and all that makes up the form is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalizeJson } from '../../gateway/inngest/jcs/canonical-json.ts'
import { redactBody } from '../../gateway/recording/body.ts'
import { Placeholders, Unredactable } from '../../gateway/recording/placeholders.ts'
import { fuzz } from '../support/fuzz.ts'
import { leaksIn, planted } from '../support/planted.ts'

const placeholders = () => new Placeholders(Buffer.alloc(32, 7))

describe('the copy of a JSON body', () => {
  it('has no four characters of a secret, the same bytes in number, and the same form', () => {
    let copied = 0
    let leftOut = 0
    fc.assert(
      fc.property(planted, ({ json, secrets }) => {
        let copy
        try {
          copy = redactBody(Buffer.from(json), placeholders())
        } catch (error) {
          expect(error).toBeInstanceOf(Unredactable)
          leftOut += 1
          return
        }
        copied += 1
        expect(Buffer.byteLength(copy)).toBe(Buffer.byteLength(json))
        expect(leaksIn(copy, secrets)).toEqual([])
        expect(leaksIn(JSON.stringify(JSON.parse(copy)), secrets)).toEqual([])
        expect(shapeOf(JSON.parse(copy))).toEqual(shapeOf(JSON.parse(json)))
        expect(formOf(copy)).toBe(formOf(json))
      }),
      fuzz(),
    )
    // What cannot be copied must be rare, or there would be nothing to report with.
    expect(leftOut / (copied + leftOut)).toBeLessThan(0.02)
  })

  it('has no four characters of bytes that are no JSON', () => {
    fc.assert(
      fc.property(planted, fc.constantFrom(',', '"', '}', '\u0001'), ({ json, secrets }, end) => {
        const copy = redactBody(Buffer.from(json + end), placeholders())
        expect(Buffer.byteLength(copy)).toBe(Buffer.byteLength(json + end))
        expect(leaksIn(copy, secrets)).toEqual([])
      }),
      fuzz(0.3),
    )
  })
})

/** Types and sizes, in order, without names. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.entries(value).map(([name, each]) => [name.length > 0, shapeOf(each)])
}

/** Which bytes a signature over it can cover. */
function formOf(json: string): 'canonical' | 'other' | 'none' {
  const canonical = canonicalizeJson(Buffer.from(json))
  if (canonical === undefined) return 'none'
  return Buffer.from(canonical).toString() === json ? 'canonical' : 'other'
}
