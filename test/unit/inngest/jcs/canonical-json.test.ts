import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalizeJson, maxDepth } from '../../../../gateway/inngest/jcs/canonical-json.ts'
import { recordedRequests } from '../../../support/recorded.ts'

function canonical(text: string | Uint8Array): string | undefined {
  const bytes = canonicalizeJson(Buffer.from(text))
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
/** Names made of whatever an object may trip over. */
const names = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'toJSON', '10', '9'),
)
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('value')),
    fc.array(fc.tuple(names, tie('value'))).map((members) => Object.fromEntries(members)),
  ),
  leaf: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
  ),
})).value

describe('canonicalizeJson', () => {
  it.each([
    // RFC 8785 3.2.2 and 3.2.3.
    [
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
    [
      '{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}',
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ],
    [' { "b" : [ ] , "a" : { } } \r\n', '{"a":{},"b":[]}'],
    ['"a \\u0026 b \\u2028 \\u007f"', '"a & b \u2028 \u007f"'],
    ['[-0,1.0,1e21,12345678901234567890]', '[0,1,1e+21,12345678901234567000]'],
    ['{"__proto__":1,"toJSON":{"10":1,"9":2}}', '{"__proto__":1,"toJSON":{"10":1,"9":2}}'],
  ])('writes %s as RFC 8785 asks', (input, expected) => {
    expect(canonical(input)).toBe(expected)
  })

  // RFC 8785 Appendix B.
  it.each([
    ['5e-324', '5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['9007199254740992', '9007199254740992'],
    ['295147905179352830000', '295147905179352830000'],
    ['9.999999999999997e22', '9.999999999999997e+22'],
    ['1e23', '1e+23'],
    ['999999999999999900000', '999999999999999900000'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1e-7'],
    ['333333333.33333325', '333333333.33333325'],
  ])('writes the number %s as %s', (input, expected) => {
    expect(canonical(input)).toBe(expected)
  })

  it.each([
    '',
    ' ',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '"\\ud800"',
    '{"\\udc00":1}',
    '"\\ud800\\ud800"',
    '1e400',
    '-1e400',
    '01',
    '+1',
    '.5',
    '1.',
    '-',
    '1e',
    'NaN',
    '[1,]',
    '{"a":1,}',
    '{,}',
    '[1 2]',
    '{"a" 1}',
    '{a:1}',
    '{1:1}',
    '1 1',
    '{}x',
    '"a',
    '"\\x"',
    '"\\u12"',
    '"\n"',
    '"\u0000"',
    '\ufeff{}',
    'tru',
    'nullx',
    "'a'",
    '[',
    '{',
    '{"a":',
    '\u00a01',
  ])('refuses %j', (input) => {
    expect(canonical(input)).toBeUndefined()
  })

  it.each([
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a truncated character', [0x22, 0xe2, 0x82, 0x22]],
    ['beyond U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an odd byte in an object', [0x7b, 0xff, 0x7d]],
  ])('refuses %s', (_, bytes) => {
    expect(canonical(Uint8Array.from(bytes))).toBeUndefined()
  })

  it('reads as deep as maxDepth and no deeper', () => {
    expect(canonical(nested(maxDepth - 1))).toBeDefined()
    expect(canonical(nested(maxDepth))).toBe(nested(maxDepth))
    expect(canonical(nested(maxDepth + 1))).toBeUndefined()
    expect(canonical('[{"a":'.repeat(100_000))).toBeUndefined()
  })

  it('agrees with an independent library on any value, however it is written', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\n\t'), (value, space) => {
        const text = JSON.stringify(value, null, space)
        fc.pre(text.isWellFormed() && !/\\ud[89a-f]/i.test(text))
        const ours = canonical(text)
        expect(ours).toBe(canonicalize(JSON.parse(text)))
        expect(canonical(ours ?? '')).toBe(ours)
      }),
    )
  })

  it('never throws, and takes nothing that JSON.parse refuses', () => {
    const damaged = fc.tuple(json, fc.nat(), fc.string()).map(([value, at, noise]) => {
      const text = JSON.stringify(value)
      const cut = at % (text.length + 1)
      return Buffer.from(text.slice(0, cut) + noise + text.slice(cut))
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => {
        const ours = canonicalizeJson(bytes)
        if (ours === undefined) return
        const text = Buffer.from(bytes).toString('utf8')
        expect(Buffer.from(ours).toString('utf8')).toBe(canonicalize(JSON.parse(text)))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('canonicalizeJson, of members in another order', () => {
  it.each([
    ['{"b":1,"a":2}', '{"a":2,"b":1}'],
    ['{"c":1,"a":2,"b":3}', '{"a":2,"b":3,"c":1}'],
    ['{"a":{"d":1,"c":2},"b":3}', '{"a":{"c":2,"d":1},"b":3}'],
    ['{"b":{"d":1,"c":2},"a":3}', '{"a":3,"b":{"c":2,"d":1}}'],
    ['{"b":{"c":1,"d":2},"a":{"f":3,"e":4}}', '{"a":{"e":4,"f":3},"b":{"c":1,"d":2}}'],
    ['[{"b":1,"a":2},{"a":1,"b":2},{"d":1,"c":2}]', '[{"a":2,"b":1},{"a":1,"b":2},{"c":2,"d":1}]'],
    [
      '{"b":[{"z":{"y":1,"x":2},"w":3},0],"a":[{"v":1,"u":{"t":1,"s":2}}]}',
      '{"a":[{"u":{"s":2,"t":1},"v":1}],"b":[{"w":3,"z":{"x":2,"y":1}},0]}',
    ],
    ['{"b":{},"a":[]} ', '{"a":[],"b":{}}'],
    // A character beyond U+FFFF comes before U+E000, though its bytes come after.
    ['{"\ue000":1,"\ud83d\ude00":2}', '{"😀":2,"\ue000":1}'],
    ['{"😀":1,"\uffff":2,"\ud7ff":3}', '{"\ud7ff":3,"😀":1,"\uffff":2}'],
    // By what the escapes stand for, not by how they are written.
    [
      '{"a":1,"\\n":2,"\\u0001":3,"\\"":4,"\\\\":5}',
      '{"\\u0001":3,"\\n":2,"\\"":4,"\\\\":5,"a":1}',
    ],
    ['{"\\u0062":1,"a":2}', '{"a":2,"b":1}'],
  ])('writes %s as %s', (input, expected) => {
    expect(canonical(input)).toBe(expected)
  })

  it.each([
    '{"b":1,"a":2,"b":3}',
    '{"b":1,"a":2,"\\u0062":3}',
    '{"c":{"b":1,"a":2,"a":3}}',
    '{"b":1,"a":{"d":1,"c":2,"d":3}}',
    `{${Array.from({ length: 99 }, (_, i) => `"${String(i)}":0`).join(',')},"7":0}`,
  ])('refuses a name that comes again: %s', (input) => {
    expect(canonical(input)).toBeUndefined()
  })

  it('moves what is nested as deep as maxDepth, at every level', () => {
    const deep = (before: string, after: string) =>
      `${`{${before}"b":`.repeat(maxDepth)}0${`${after}}`.repeat(maxDepth)}`
    expect(canonical(deep('', ',"a":1'))).toBe(deep('"a":1,', ''))
  })

  it('sorts a hundred thousand names of one object', () => {
    const names = Array.from(
      { length: 100_000 },
      (_, i) => `\n${((i * 7919) % 100_003).toString(36)}`,
    )
    const members = names.map((name) => `${JSON.stringify(name)}:1`)
    const inOrder = [...names].sort().map((name) => `${JSON.stringify(name)}:1`)
    expect(canonical(`{${members.join()}}`)).toBe(`{${inOrder.join()}}`)
  })
})

describe('canonicalizeJson, of values that become longer or shorter', () => {
  it.each([
    ['[1e20,1E-6,-1e20]', '[100000000000000000000,0.000001,-100000000000000000000]'],
    ['"\\u0041\\/\\u00e9\\ud83d\\ude00"', '"A/é😀"'],
    ['{"\\u0041":"\\u0042"}', '{"A":"B"}'],
    [' [ 1.50 , 0.10 , -0.0 , 100e-2 ] ', '[1.5,0.1,0,1]'],
  ])('writes %s as %s', (input, expected) => {
    expect(canonical(input)).toBe(expected)
  })

  it('writes ten thousand numbers of five times their length', () => {
    const many = (number: string) => `{"b":[${Array(10_000).fill(number).join(',')}],"a":0}`
    const { a, b } = { a: '"a":0', b: many('1'.padEnd(21, '0')).slice(1, -7) }
    expect(canonical(many('1e20'))).toBe(`{${a},${b}}`)
  })

  it('leaves long strings as they are', () => {
    const text = JSON.stringify(['x'.repeat(100_000), '😀€é'.repeat(30_000), `${'y'.repeat(99)}\n`])
    expect(canonical(text)).toBe(text)
  })

  it.each(['tru', 'nul0', 'fals1', 'truE', 'nullnull', 'n', '[t]'])('refuses %j', (input) => {
    expect(canonical(input)).toBeUndefined()
  })

  it('keeps nothing of its input', () => {
    const input = Buffer.from('{"a":"b"}')
    const made = canonicalizeJson(input)
    input.fill(0)
    expect(Buffer.from(made ?? []).toString()).toBe('{"a":"b"}')
  })
})

describe('recorded bodies', () => {
  it('are canonical in every call, and not in the sync', () => {
    expect(recordedRequests.length).toBeGreaterThan(60)
    for (const { method, body } of recordedRequests)
      expect(canonical(body) === body).toBe(method === 'POST')
  })
})
