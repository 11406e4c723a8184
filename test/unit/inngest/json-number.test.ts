import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { endOfNumber, isCanonicalNumber } from '../../../gateway/inngest/json-number.ts'

describe('endOfNumber', () => {
  it.each([
    ['0', 1],
    ['-0', 2],
    ['10,', 2],
    ['1.5]', 3],
    ['1e5 ', 3],
    ['1E+05}', 5],
    ['-1.25e-3,', 8],
    // What follows is for the caller to refuse.
    ['01', 1],
    ['-00', 2],
    ['1-', 1],
  ])('of %j is %i', (text, end) => {
    expect(endOfNumber(Buffer.from(text), 0)).toBe(end)
  })

  it.each(['', '-', '+1', '.5', '-.5', '1.', '1.e5', '1e', '1e+', '1.5e', 'a', '--1', 'Infinity'])(
    'of %j there is none',
    (text) => {
      expect(endOfNumber(Buffer.from(text), 0)).toBeUndefined()
    },
  )
})

const isCanonical = (text: string) => isCanonicalNumber(Buffer.from(text), 0, text.length)

describe('isCanonicalNumber', () => {
  it.each([
    '0',
    '7',
    '-7',
    '999999999999999',
    '-999999999999999',
    '0.1',
    '-0.5',
    '19.99',
    '1.01',
    '0.12345678901234',
    '12345678901234.5',
  ])('is sure of %s', (text) => {
    expect(String(Number(text))).toBe(text)
    expect(isCanonical(text)).toBe(true)
  })

  it.each([
    '-0',
    '-0.0',
    '1.0',
    '1.50',
    '1e5',
    '1E5',
    '1e+21',
    '0.0000001',
    '1000000000000000',
    '9007199254740993',
    '0.1234567890123456',
    '1234567890123.456',
  ])('is not sure of %s', (text) => {
    expect(isCanonical(text)).toBe(false)
  })

  it('is sure of nothing that is written otherwise', () => {
    const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${String(most)}}$`))
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,16}$/)),
        fc.option(digits(17)),
      )
      .map(([sign, whole, fraction]) =>
        fraction === null ? sign + whole : `${sign}${whole}.${fraction}`,
      )
    fc.assert(
      fc.property(number, (text) => !isCanonical(text) || String(Number(text)) === text),
      { numRuns: 20_000 },
    )
  })
})
