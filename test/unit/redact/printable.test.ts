import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { printable } from '../../../gateway/redact/safe-text.ts'
import { fuzz } from '../../support/fuzz.ts'

describe('printable', () => {
  it('leaves visible ASCII of the length allowed as it is', () => {
    const visible = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).join('')
    expect(printable(visible)).toBe(visible)
    expect(printable('x'.repeat(200))).toBe('x'.repeat(200))
    expect(printable('x'.repeat(201))).toBe('x'.repeat(200))
    expect(printable('abc', 2)).toBe('ab')
  })

  it('has a question mark for each other code unit, wherever and however often', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    })
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), fc.nat(12), (candidate, most) => {
        const units = Array.from({ length: candidate.length }, (_, i) => candidate.charCodeAt(i))
        const shown = units
          .slice(0, most)
          .map((unit) => (unit >= 0x20 && unit <= 0x7e ? String.fromCharCode(unit) : '?'))
        expect(printable(candidate, most)).toBe(shown.join(''))
      }),
      fuzz(0.3),
    )
  })
})
