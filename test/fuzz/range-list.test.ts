/** Published lists: whatever is in one, nobody but small public networks is let in by it. */
import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { formatAddress } from '../../gateway/ip/address.ts'
import { listProblems, MAX_RANGES, parseRangeList } from '../../gateway/ranges/range-list.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const prefixed = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 33 })),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 129 })),
)
const entry = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  prefixed.map(([address, length]) => `${address}/${String(length)}`),
  fc.integer({ min: 0, max: 255 }).map((n) => `${String(n)}.0.0.0/${String(8 + (n % 25))}`),
  fc.integer({ min: 0, max: 0xffff }).map((n) => `${n.toString(16)}::/${String(8 + (n % 50))}`),
  fc.constantFrom('198.212.45.0/24', '2607:e3c0::/32', '18.221.41.114'),
)
const lines = fc
  .tuple(fc.array(entry, { maxLength: 5 }), fc.constantFrom('\n', '\r\n', ',', ' # x\n', '","'))
  .map(([entries, separator]) => entries.join(separator))
const list = fc.oneof(
  mutated(lines, ' ,#[]"/:.\n\r0'),
  mutated(
    fc.array(entry, { maxLength: 5 }).map((entries) => JSON.stringify(entries)),
    ' ,[]"/:.{}0',
  ),
  fc.string(),
  fc.json(),
)

/** Networks as another implementation reads them; one list each, since it takes ::/3 for IPv4 too. */
const never = { 4: new BlockList(), 6: new BlockList() }
for (const [network, length] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  // prettier-ignore
  never[4].addSubnet(network, length, 'ipv4')
}
for (const [network, length] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const) {
  // prettier-ignore
  never[6].addSubnet(network, length, 'ipv6')
}

describe('a published list', () => {
  it('never throws, and is read as small public ranges or refused with a problem', () => {
    fc.assert(
      fc.property(list, (text) => {
        const reading = parseRangeList(text)
        if (!reading.ok) {
          expect(Object.keys(listProblems)).toContain(reading.problem)
          expect(reading.found ?? '').toMatch(/^[\x20-\x7e]{0,60}$/)
          return
        }
        expect(reading.ranges.length).toBeGreaterThan(0)
        expect(reading.ranges.length).toBeLessThanOrEqual(MAX_RANGES)
        for (const { family, first, last } of reading.ranges) {
          expect(last - first).toBeLessThan(family === 4 ? 2n ** 16n : 2n ** 100n)
          for (const value of [first, (first + last) / 2n, last]) {
            const address = formatAddress({ family, value })
            expect(never[family].check(address, family === 4 ? 'ipv4' : 'ipv6'), address).toBe(
              false,
            )
          }
        }
      }),
      fuzz(),
    )
  })

  it('is refused whole with one bad entry anywhere', () => {
    const good = fc.constantFrom('198.212.45.0/24', '2607:e3c0::/32', '18.221.41.114')
    const bad = fc.constantFrom('0.0.0.0/0', '128.0.0.0/1', '10.0.0.1', '::1', '<p>', '198.212.45.1/24') // prettier-ignore
    fc.assert(
      fc.property(
        fc.array(good),
        bad,
        fc.array(good),
        fc.boolean(),
        (before, one, after, isJson) => {
          const entries = [...before, one, ...after]
          expect(parseRangeList(isJson ? JSON.stringify(entries) : entries.join('\n')).ok).toBe(
            false,
          )
        },
      ),
      fuzz(),
    )
  })
})
