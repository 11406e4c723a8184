/** Durations, sizes and rates: what is read, what is refused with what to write instead, and what is printed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  formatQuantity,
  notations,
  readQuantity,
  type Bounds,
} from '../../../gateway/config/schema/units.ts'
import { fuzz } from '../../support/fuzz.ts'

type Kind = keyof typeof notations

const bounds: Readonly<Record<Kind, Bounds>> = {
  Ms: { minimum: '0s', maximum: '7d', fallback: '10s' },
  Seconds: { minimum: '1s', maximum: '90d', fallback: '5m' },
  Bytes: { minimum: '1KiB', maximum: '64GiB', fallback: '10MiB' },
  BytesPerSecond: { minimum: '0B/s', maximum: '1GiB/s', fallback: '1KiB/s' },
}

/** @returns the number, or what was expected. */
function read(kind: Kind, written: unknown): number | string {
  const reading = readQuantity(written, notations[kind], bounds[kind])
  return reading.ok ? reading.value : reading.expected
}

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['0ms', 0],
    ['250ms', 250],
    ['5s', 5000],
    ['1m', 60_000],
    ['4h', 14_400_000],
    ['7d', 604_800_000],
    ['2h5m', 7_500_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['90m', 5_400_000],
    ['1h90m', 9_000_000],
  ])('%j is %d ms', (text, ms) => {
    expect(read('Ms', text)).toBe(ms)
  })

  it.each([
    ['1s', 1],
    ['2h5m', 7500],
    ['90d', 7_776_000],
  ])('%j is %d s where the code counts in seconds', (text, seconds) => {
    expect(read('Seconds', text)).toBe(seconds)
  })

  const general = 'a duration such as 10s (whole d, h, m, s or ms), from 0s to 7d'

  it.each([
    // A number alone may mean either unit, and the message shows both.
    [20, 'a duration with its unit, 20ms or 20s'],
    [20_000, 'a duration with its unit, 20000ms (20s) or 20000s (5h33m20s)'],
    ['300', 'a duration with its unit, 300ms or 300s (5m)'],
    [0, 'a duration with its unit, 0s'],
    ['0', 'a duration with its unit, 0s'],
    [1.5, 'a duration with its unit, 1500ms'],
    [700_000_000, general],
    [-5, general],
    [NaN, general],
    [Infinity, general],
    ['1.5s', 'a duration written as 1500ms'],
    ['1.5h', 'a duration written as 90m'],
    ['0.57s', 'a duration written as 570ms'],
    ['5constructor', general],
    ['5__proto__', general],
    ['0.0001s', general],
    ['5 m', 'a duration written as 5m'],
    [' 5m ', 'a duration written as 5m'],
    ['5M', 'a duration written as 5m'],
    ['5S', 'a duration written as 5s'],
    ['5MS', 'a duration written as 5ms'],
    ['05m', 'a duration written as 5m'],
    ['5min', 'a duration written as 5m'],
    ['30 seconds', 'a duration written as 30s'],
    ['1w', 'a duration written as 7d'],
    ['2w', general],
    ['5m2h', general],
    ['5m5m', general],
    ['5m 30s', general],
    ['+5m', general],
    ['-5m', general],
    ['1e3s', general],
    ['1_000ms', general],
    ['5µs', general],
    ['٥m', general],
    ['5m\n', general],
    ['m', general],
    ['', general],
    ['soon', general],
    [null, general],
    [true, general],
    [['5m'], general],
    [{ minutes: 5 }, general],
    ['10MiB', general],
    ['8d', 'at most 7d'],
    ['7d1ms', 'at most 7d'],
    ['99999999999999999999d', 'at most 7d'],
    [`${'9'.repeat(400)}d`, 'at most 7d'],
  ])('is not %j', (written, expected) => {
    expect(read('Ms', written)).toBe(expected)
  })

  it.each([
    [300, 'a duration with its unit, 300s or 5m'],
    ['2000ms', 'a duration written as 2s'],
    ['1500ms', 'a duration such as 5m (whole d, h, m or s), from 1s to 90d'],
    ['0s', 'at least 1s'],
    ['91d', 'at most 90d'],
  ])('is not %j where the code counts in seconds', (written, expected) => {
    expect(read('Seconds', written)).toBe(expected)
  })
})

describe('a size', () => {
  it.each([
    ['1024B', 1024],
    ['16KiB', 16_384],
    ['10MiB', 10_485_760],
    ['1GiB', 1_073_741_824],
    ['64GiB', 68_719_476_736],
  ])('%j is %d bytes', (text, size) => {
    expect(read('Bytes', text)).toBe(size)
  })

  const general = 'a size such as 10MiB (whole GiB, MiB, KiB or B), from 1KiB to 64GiB'

  it.each([
    [10_485_760, 'a size with its unit, 10485760B or 10MiB'],
    ['10485760', 'a size with its unit, 10485760B or 10MiB'],
    [5, general],
    // To some programs a megabyte is 1000000 bytes, to others 1048576.
    ['10MB', 'a size written as 10MiB or 10000000B'],
    ['10mb', 'a size written as 10MiB or 10000000B'],
    ['10kB', 'a size written as 10KiB or 10000B'],
    ['1GB', 'a size written as 1GiB or 1000000000B'],
    ['10M', 'a size written as 10MiB'],
    ['10Mi', 'a size written as 10MiB'],
    ['10mib', 'a size written as 10MiB'],
    ['10 MiB', 'a size written as 10MiB'],
    ['1.5MiB', 'a size written as 1536KiB'],
    ['2048 bytes', 'a size written as 2KiB'],
    ['1GiB512MiB', general],
    ['10MiB/s', 'a size written as 10MiB'],
    ['1TiB', general],
    ['5m', 'a size written as 5MiB'],
    ['1023B', 'at least 1KiB'],
    ['65GiB', 'at most 64GiB'],
    ['99999999999999999999GiB', 'at most 64GiB'],
  ])('is not %j', (written, expected) => {
    expect(read('Bytes', written)).toBe(expected)
  })
})

describe('a rate', () => {
  it.each([
    ['0B/s', 0],
    ['1000B/s', 1000],
    ['1KiB/s', 1024],
    ['1GiB/s', 1_073_741_824],
  ])('%j is %d bytes per second', (text, rate) => {
    expect(read('BytesPerSecond', text)).toBe(rate)
  })

  it.each([
    [1024, 'a rate with its unit, 1024B/s or 1KiB/s'],
    [0, 'a rate with its unit, 0B/s'],
    ['1KiB', 'a rate written as 1KiB/s'],
    ['1kb/s', 'a rate written as 1KiB/s or 1000B/s'],
    ['1 KiB/s', 'a rate written as 1KiB/s'],
    ['2GiB/s', 'at most 1GiB/s'],
    ['fast', 'a rate such as 1KiB/s (whole GiB/s, MiB/s, KiB/s or B/s), from 0B/s to 1GiB/s'],
  ])('is not %j', (written, expected) => {
    expect(read('BytesPerSecond', written)).toBe(expected)
  })
})

describe('formatQuantity', () => {
  it.each([
    ['Ms', 0, '0s'],
    ['Ms', 250, '250ms'],
    ['Ms', 1500, '1500ms'],
    ['Ms', 65_000, '65s'],
    ['Ms', 300_000, '5m'],
    ['Ms', 7_500_000, '2h5m'],
    ['Ms', 86_400_000, '1d'],
    ['Seconds', 0, '0s'],
    ['Seconds', 14_400, '4h'],
    ['Seconds', 100, '1m40s'],
    ['Bytes', 16_384, '16KiB'],
    ['Bytes', 1000, '1000B'],
    ['Bytes', 134_217_728, '128MiB'],
    ['BytesPerSecond', 0, '0B/s'],
    ['BytesPerSecond', 1024, '1KiB/s'],
  ] as const)('writes %s %d as %s', (kind, value, text) => {
    expect(formatQuantity(value, notations[kind])).toBe(text)
  })

  it.each(['Ms', 'Seconds', 'Bytes', 'BytesPerSecond'] as const)(
    'writes whatever is in the range of %s so that it is read as the same number',
    (kind) => {
      const end = (text: string) => {
        const reading = readQuantity(text, notations[kind], bounds[kind])
        return reading.ok ? reading.value : NaN
      }
      const min = end(bounds[kind].minimum)
      const max = end(bounds[kind].maximum)
      fc.assert(
        fc.property(fc.integer({ min, max }), (value) => {
          expect(read(kind, formatQuantity(value, notations[kind]))).toBe(value)
        }),
        fuzz(),
      )
    },
  )
})
