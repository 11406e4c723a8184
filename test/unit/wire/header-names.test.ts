import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { headerName } from '../../../gateway/wire/header-names.ts'
import { retainedBytes } from '../../support/retained.ts'

function named(name: string, before = '', behind = ': value\r\n'): string {
  const bytes = Buffer.from(before + name + behind, 'latin1')
  return headerName(bytes, bytes.toString('latin1'), before.length, before.length + name.length)
}

describe('the name of a header', () => {
  it('is the one that was sent, whatever came before', () => {
    // Few letters and lengths, so that many share a place.
    const name = fc.string({
      unit: fc.constantFrom('a', 'A', 'x', '-'),
      minLength: 1,
      maxLength: 5,
    })
    const names = fc.array(name, { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(names, fc.string({ unit: 'binary-ascii', maxLength: 5 }), (sent, before) => {
        expect(sent.map((text) => named(text, before))).toEqual(sent)
      }),
    )
  })

  it.each(['a', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(10_000)])(
    'may be short or long',
    (name) => {
      expect(named(name)).toBe(name)
      expect(named(name)).toBe(name)
      expect(named(`${name}y`)).toBe(`${name}y`)
    },
  )

  it('does not keep the head that it is cut from', () => {
    const kept: string[] = []
    const retained = retainedBytes((_, i) => {
      kept.push(named(`a-long-name-${String(i)}`, ' '.repeat(256 * 1024)))
    })
    expect(retained).toBeLessThan(32 * 1024)
    expect(kept).toHaveLength(100)
  })
})
