import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { compareNames, sortMembers } from '../../../../gateway/inngest/jcs/member-order.ts'

/** Members as the canonicaliser leaves them, and where they stand. */
function membersOf(names: readonly string[]) {
  const parts = names.map((name, i) => Buffer.from(`${JSON.stringify(name)}:${String(i)},`))
  const offsets: number[] = []
  let at = 1
  for (const { length } of parts) {
    offsets.push(at, at + length - 1)
    at += length
  }
  return { json: Buffer.concat([Buffer.from('{'), ...parts]), members: Uint32Array.from(offsets) }
}

function sorted(names: readonly string[]): string[] | undefined {
  const { json, members } = membersOf(names)
  if (!sortMembers(json, members, 0, names.length)) return undefined
  const indices = names.map((_, i) => {
    const text = json.subarray(members[2 * i], members[2 * i + 1]).toString()
    return Number(text.slice(text.lastIndexOf(':') + 1))
  })
  return indices.map((index) => names[index] ?? '')
}

const name = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  // Few characters, so that names have much in common, and those that UTF-8 orders otherwise.
  fc.string({
    unit: fc.constantFrom('a', '\\', '"', '\n', '\u0001', '\ue000', '😀'),
    maxLength: 6,
  }),
)

describe('compareNames', () => {
  it.each([
    ['', 'a'],
    ['a', 'aa'],
    ['10', '9'],
    ['\ud7ff', '😀'],
    ['😀', '\ue000'],
    ['\u{10ffff}', '\ue000'],
    ['\u{10000}', '\uffff'],
    ['😀', '😁'],
    ['\u0000', '\u0001'],
    ['\u001f', ' '],
    ['\n', '\u000e'],
    ['!', '"'],
    ['"', '#'],
    ['[', '\\'],
    ['\\', ']'],
    ['\\\\', '\\n'],
    ['a\\', 'a\\a'],
    ['a"', 'ab'],
    ['a', 'a\n'],
  ])('puts %j before %j', (one, other) => {
    expect(one < other).toBe(true)
    const { json, members } = membersOf([one, other])
    expect(compareNames(json, members[0] ?? 0, members[2] ?? 0)).toBeLessThan(0)
    expect(compareNames(json, members[2] ?? 0, members[0] ?? 0)).toBeGreaterThan(0)
  })

  it('says of any two what their UTF-16 code units say', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const { json, members } = membersOf([one, other])
        const order = one < other ? -1 : one === other ? 0 : 1
        expect(Math.sign(compareNames(json, members[0] ?? 0, members[2] ?? 0))).toBe(order)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('sortMembers', () => {
  it('sorts as many as there are, each with its value', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 120 }), (names) => {
        expect(sorted(names)).toEqual([...names].sort())
      }),
      { numRuns: 500 },
    )
  })

  it.each([2, 16, 17, 18, 500])('finds two alike among %i', (count) => {
    fc.assert(
      fc.property(fc.nat(count - 1), fc.nat(count - 1), (from, to) => {
        fc.pre(from !== to)
        const names = Array.from({ length: count }, (_, i) => `n\n${String(i % 7)}-${String(i)}`)
        expect(sorted(names)).toBeDefined()
        expect(sorted(names.with(to, names[from] ?? ''))).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  it('sorts a part of a list and leaves the rest', () => {
    const { json, members } = membersOf(['z', 'c', 'b', 'a'])
    const before = members.slice()
    expect(sortMembers(json, members, 1, 4)).toBe(true)
    expect([...members]).toEqual([0, 1, 6, 7, 4, 5, 2, 3].map((i) => before[i]))
  })

  it.each([
    ['each the beginning of the next', (i: number) => 'a'.repeat(i)],
    ['alike but for their ends', (i: number) => `${'a'.repeat(3000)}${String(i)}`],
    ['of escapes', (i: number) => `${'\n'.repeat(i % 60)}\\${String(i)}`],
  ])('sorts three thousand names, %s', (_, make) => {
    const names = Array.from({ length: 3000 }, (_, i) => make(2999 - i))
    expect(sorted(names)).toEqual([...names].sort())
  })
})
