import { isDeepStrictEqual } from 'node:util'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { lacksContextAndVersion } from '../../../gateway/inngest/absent-names.ts'
import { Body } from '../../../gateway/inngest/body.ts'
import { readUsualCall } from '../../../gateway/inngest/signed-call.ts'

function lacks(bytes: Buffer, pieces: readonly Buffer[] = [bytes]): boolean {
  return lacksContextAndVersion(new Body(pieces), 0, bytes.length)
}

/** Long enough for a few closer looks. */
const pad = `"${'-'.repeat(1500)}"`
const around = (text: string) => Buffer.from(`,"a":${pad},${text},"b":${pad}`)

describe('lacksContextAndVersion', () => {
  it.each([
    ['ctx', '"ctx":1'],
    ['ctx in another case', '"cTx":1'],
    ['ctx in capitals', '"CTX":1'],
    ['ctx in an escape', String.raw`"\u0063tx":1`],
    ['ctx in escapes', String.raw`"\u0063\u0074\u0078":1`],
    ['ctx with an escape that JSON has not', String.raw`"c\tx":1`],
    ['ctx before a blank', '"ctx" :1'],
    ['version', '"version":1'],
    ['version in another case', '"Version":1'],
    ['version in capitals', '"VERSION":1'],
    ['version with a long s', '"ver\u017fion":1'],
    ['version with a dotless i', '"vers\u0131on":1'],
    ['version with both', '"VER\u017f\u0131ON":1'],
    ['version in an escape', String.raw`"vers\u0069on":1`],
    ['version in nested data', '"a":[{"version":1}]'],
  ])('does not say so of a part with %s, in one piece or two', (_, text) => {
    const bytes = around(text)
    expect(lacks(bytes)).toBe(false)
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(lacks(bytes, [bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(false)
      expect(lacks(bytes, [bytes.subarray(0, cut), Buffer.of(), bytes.subarray(cut)])).toBe(false)
    }
  })

  it.each([
    ['other names', '"tx":1,"context":2,"myctx":3,"vertex":4,"conversion":5,"versions":6'],
    ['such words in text', '"a":"the ctx of version 2","b":"my ctx"'],
    ['JSON in text', String.raw`"a":"{\"ctx\":{\"version\":1}}"`],
    ['control characters', String.raw`"a":"\u0000\u001b[0m\n\""`],
    ['other characters', '"a":"\u017f \u0131 \u00e9 \u{1f600}"'],
  ])('says so of a part with %s', (_, text) => {
    expect(lacks(around(text))).toBe(true)
  })

  it('looks at the given part only', () => {
    const bytes = Buffer.from('"ctx":1,"a":2,"ctx":3')
    const cuts = [3, 9, 12, 20]
    const pieces = [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length))
    expect(lacksContextAndVersion(new Body(pieces), 8, 13)).toBe(true)
    expect(lacksContextAndVersion(new Body(pieces), 0, 13)).toBe(false)
    expect(lacksContextAndVersion(new Body(pieces), 8, bytes.length)).toBe(false)
  })

  it('gives up where too many places need a look', () => {
    expect(lacks(Buffer.from('"over",'.repeat(5000)))).toBe(false)
    expect(lacks(Buffer.from(`"${'over '.repeat(100)}${'-'.repeat(100_000)}"`))).toBe(true)
  })

  it('searches for what every spelling has: no other character is folded to these letters', () => {
    const folded = Array.from({ length: 0x110000 - 0x80 }, (_, i) => String.fromCodePoint(i + 0x80))
      .map((character) => [character, character.toUpperCase().toLowerCase()] as const)
      .filter(([, fold]) => 'ctx'.includes(fold) || 'version'.includes(fold))
    expect(folded).toEqual([
      ['\u0131', 'i'],
      ['\u017f', 's'],
    ])
  })
})

const letter = (plain: string, ...others: string[]) =>
  fc.constantFrom(plain, plain, plain, ...others)
const context = fc.tuple(
  letter('c', 'C', String.raw`\u0063`, String.raw`\u0043`),
  letter('t', 'T', String.raw`\u0074`, String.raw`\t`),
  letter('x', 'X', String.raw`\u0078`, String.raw`\u0058`),
)
const version = fc.tuple(
  letter('v', 'V', String.raw`\u0076`),
  letter('e', 'E', '\u00e9'),
  letter('r', 'R', ''),
  letter('s', 'S', '\u017f', String.raw`\u017f`),
  letter('i', 'I', '\u0131', String.raw`\u0131`),
  letter('o', 'O'),
  letter('n', 'N', String.raw`\n`),
)
const character = fc.constantFrom(
  'a',
  ' ',
  'x',
  'ver',
  String.raw`\"`,
  '\\\\',
  String.raw`\u001b`,
  '{',
)
const literal = fc
  .oneof(
    context.map((letters) => letters.join('')),
    version.map((letters) => letters.join('')),
    fc.array(character, { maxLength: 3 }).map((characters) => characters.join('')),
    fc.tuple(character, context).map(([before, letters]) => before + letters.join('')),
  )
  .map((text) => `"${text}"`)
const { value, member } = fc.letrec<{ value: string; member: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    literal,
    fc.constant('1'),
    tie('member').map((text) => `{${text}}`),
    tie('value').map((text) => `[${text}]`),
  ),
  member: fc.tuple(literal, tie('value')).map(([name, text]) => `${name}:${text}`),
}))

const usual = (inContext: string, inBody: string, event: string, pad: string) =>
  `{"ctx":{"fn_id":"f","run_id":"r"${inContext}},${pad}${inBody}"event":${event},"version":2}`
const longPad = `"pad":"${'-'.repeat(5000)}",`

describe('the reading of a long body', () => {
  const before = fc.option(
    member.map((text) => `${text},`),
    { nil: '' },
  )
  const behind = fc.option(
    fc.tuple(fc.constantFrom('"a"', '"run_id"', '"Run_id"', '"step_id"'), value),
    { nil: undefined },
  )

  it('is that of a short one, whose names are all looked at', () => {
    const counts = { read: 0, left: 0 }
    fc.assert(
      fc.property(behind, before, value, fc.nat(), (inContext, inBody, event, place) => {
        const rest = inContext === undefined ? '' : `,${inContext.join(':')}`
        const short = Buffer.from(usual(rest, inBody, event, ''))
        const long = Buffer.from(usual(rest, inBody, event, longPad))
        expect(typeof JSON.parse(short.toString())).toBe('object')
        const call = readUsualCall(Body.of(short))
        counts[call === undefined ? 'left' : 'read'] += 1
        expect(readUsualCall(Body.of(long))).toEqual(call)
        const cut = long.length - (place % (short.length + 10))
        const pieces = [long.subarray(0, cut), long.subarray(cut)]
        expect(readUsualCall(new Body(pieces))).toEqual(call)
      }),
      { numRuns: 5000 },
    )
    expect(Math.min(counts.read, counts.left)).toBeGreaterThan(500)
  })

  it('differs from it only for what no parser of JSON takes', () => {
    const noise = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      '/',
      "'",
      ' ',
      '"ctx":',
      'version',
    )
    const places = fc.array(fc.tuple(fc.nat(), noise), { minLength: 1, maxLength: 3 })
    const headLength = usual('', '', '', '').indexOf('}')
    const outcomes = { alike: 0, differ: 0 }
    fc.assert(
      fc.property(before, value, places, (inBody, event, inserted) => {
        let short = usual('', inBody, event, '')
        for (const [place, text] of inserted) {
          const at = headLength + (place % (short.length - headLength))
          short = short.slice(0, at) + text + short.slice(at)
        }
        const long = short.replace('"run_id":"r"},', `"run_id":"r"},${longPad}`)
        const call = readUsualCall(Body.of(Buffer.from(short)))
        const longCall = readUsualCall(Body.of(Buffer.from(long)))
        const isAlike = isDeepStrictEqual(call, longCall)
        outcomes[isAlike ? 'alike' : 'differ'] += 1
        if (isAlike) return
        expect(call).toBeUndefined()
        expect(longCall).toMatchObject({ runId: 'r', functionId: 'f' })
        expect(() => JSON.parse(long) as unknown).toThrow(SyntaxError)
      }),
      { numRuns: 5000 },
    )
    expect(Math.min(outcomes.alike, outcomes.differ)).toBeGreaterThan(100)
  })
})
