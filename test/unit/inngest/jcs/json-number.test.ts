import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  endOfNumber,
  isCanonicalNumber,
  isSameDecimal,
} from '../../../../gateway/inngest/jcs/json-number.ts'

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
  ])('finds the end of %j at %i', (text, end) => {
    expect(endOfNumber(Buffer.from(text), 0)).toBe(end)
  })

  it.each(['', '-', '+1', '.5', '-.5', '1.', '1.e5', '1e', '1e+', '1.5e', 'a', '--1', 'Infinity'])(
    'finds no end of %j',
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

describe('isSameDecimal', () => {
  it.each([
    ['100', '1e2'],
    ['1.50', '1.5'],
    ['0.00120', '12E-4'],
    ['-1000000000000000000000', '-1e+21'],
    ['0.0', '0e400'],
    ['9007199254740993', '9007199254740993.0'],
  ])('%s is %s', (one, other) => {
    expect(isSameDecimal(one, other)).toBe(true)
  })

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['0.1', '0.1000000000000000055511151231257827'],
    ['1', '10'],
    ['1', '-1'],
    ['0', '1e-400'],
    ['0', '-0'],
  ])('%s is not %s', (one, other) => {
    expect(isSameDecimal(one, other)).toBe(false)
  })

  it('holds for a double of every number with up to fifteen digits', () => {
    const digits = fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
    fc.assert(
      fc.property(digits, fc.integer({ min: -30, max: 30 }), (whole, power) => {
        const text = `${String(whole)}e${String(power)}`
        return isSameDecimal(text, String(Number(text)))
      }),
    )
  })

  it('takes no longer than the text is long', () => {
    const zeros = '0'.repeat(1_000_000)
    const before = process.threadCpuUsage()
    expect(isSameDecimal(`1${zeros}1`, `1${zeros}2`)).toBe(false)
    const { user, system } = process.threadCpuUsage(before)
    expect(user + system).toBeLessThan(1_000_000)
  })
})
