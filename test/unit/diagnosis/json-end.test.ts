import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { findJsonEnd } from '../../../gateway/diagnosis/json-end.ts'
import { recordedRequests } from '../../support/recorded.ts'

const endOf = (text: string | Uint8Array) => findJsonEnd(Buffer.from(text))

describe('findJsonEnd', () => {
  it.each([
    ['{}', 2],
    ['{}x', 2],
    [' [1,true,null,"a\\"]"] {', 21],
    ['"a"b', 3],
    ['-1.5e+3,', 7],
    ['{"a":[{"b":false}]}\n\n', 19],
    ['nullx', 4],
  ])('finds the end of %j at %i', (text, end) => {
    expect(endOf(text)).toEqual({ kind: 'whole', end })
  })

  it.each(['', ' ', '{', '{"a', '{"a\\', '{"a"', '{"a":', '[1,', '[1', '[t', '[-', '"a\\"', '[{}'])(
    'finds that %j was cut off',
    (text) => {
      expect(endOf(text)).toEqual({ kind: 'cut' })
    },
  )

  it.each([
    'x',
    '}',
    '{a',
    '{1',
    '{,',
    '[1 2',
    '{"a" 1',
    '"\n"',
    '[tru]',
    '[-]',
    '\ufeff{}',
    '%7B',
  ])('finds no end of %j: it is not JSON', (text) => {
    expect(endOf(text)).toEqual({ kind: 'not_json' })
  })

  it('is looked for as deep as a canonical form goes, and never throws', () => {
    expect(endOf('['.repeat(200) + ']'.repeat(200))).toEqual({ kind: 'whole', end: 400 })
    expect(endOf('['.repeat(201) + ']'.repeat(201))).toEqual({ kind: 'not_json' })
    expect(endOf('['.repeat(1_000_000))).toEqual({ kind: 'not_json' })
    fc.assert(fc.property(fc.uint8Array(), (bytes) => endOf(bytes).kind.length > 0))
  })

  it('finds the end of an object, and none of any beginning of it, whatever follows', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value))
    fc.assert(
      fc.property(object, fc.nat(), fc.string(), (text, at, rest) => {
        const bytes = Buffer.from(text)
        expect(endOf(text + rest)).toEqual({ kind: 'whole', end: bytes.length })
        expect(findJsonEnd(bytes.subarray(0, at % bytes.length))).toEqual({ kind: 'cut' })
      }),
    )
  })

  it('finds the end of what Inngest sends', () => {
    for (const { body } of recordedRequests) {
      expect(endOf(body)).toEqual({ kind: 'whole', end: Buffer.byteLength(body) })
    }
  })
})
