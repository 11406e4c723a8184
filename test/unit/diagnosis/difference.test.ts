import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { firstDifference } from '../../../gateway/diagnosis/difference.ts'
import { canonicalizeJson } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { recordedRequests } from '../../support/recorded.ts'

function differenceOf(text: string) {
  const received = Buffer.from(text)
  const canonical = canonicalizeJson(received)
  if (canonical === undefined) throw new Error('no canonical form')
  return firstDifference(received, canonical)
}

describe('firstDifference', () => {
  it.each([
    ['{"a":"x\\u0026y"}', 'escape', 7],
    ['{"a":"\\/"}', 'escape', 6],
    ['{"a":"\\u001F"}', 'escape', 11],
    ['{"a":"\\u000a"}', 'escape', 7],
    ['{"\\u0061":1}', 'escape', 2],
    ['{"a": 1}', 'whitespace', 5],
    [' {}', 'whitespace', 0],
    ['{}\n', 'whitespace', 2],
    ['[1 ]', 'whitespace', 2],
    ['{"a":1\t,"b":2}', 'whitespace', 6],
    ['{"b":1,"a":2}', 'member_order', 2],
    ['{"ab":1,"a":2}', 'member_order', 3],
    ['{"b ":1,"b":2}', 'member_order', 3],
    ['{"a":1,"":2}', 'member_order', 2],
    ['{"9":1,"10":2}', 'member_order', 2],
    ['[1.0]', 'number', 2],
    ['[-0]', 'number', 1],
    ['[1E3]', 'number', 2],
    ['[1e+30,1E30]', 'number', 8],
    ['[1.50]', 'number', 4],
    ['["a b",{"c\\"d":1.0}]', 'number', 16],
  ])('finds for %s %s at byte %i', (text, kind, offset) => {
    expect(differenceOf(text)).toEqual({ kind, offset })
  })

  it('counts bytes, not characters', () => {
    expect(differenceOf('{"a":"é😀", "b":1}')).toEqual({ kind: 'whitespace', offset: 14 })
  })

  it('is none in a call, and an escape in a sync, of those that a server sent', () => {
    for (const { method, body } of recordedRequests) {
      expect(differenceOf(body)?.kind).toBe(method === 'PUT' ? 'escape' : undefined)
    }
  })

  it.each([
    ['whitespace', (text: string) => text.replaceAll('":', '": ')],
    ['escape', (text: string) => text.replaceAll('/', '\\/')],
    ['member_order', (text: string) => text.replace('{', '{"z":1,')],
    ['number', (text: string) => text.replaceAll(/:(\d+),/g, ':$1.0,')],
  ])('names %s, put into a call that a server sent', (kind, write) => {
    for (const { body } of recordedRequests.slice(1)) {
      expect(differenceOf(write(body))?.kind).toBe(kind)
    }
  })

  it('is at the first byte that differs, and of a known kind other than `other`', () => {
    const text = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('', ' ', '\n'))
    fc.assert(
      fc.property(text, ([value, space]) => {
        const received = Buffer.from(JSON.stringify(value, null, space))
        const canonical = canonicalizeJson(received)
        fc.pre(canonical !== undefined)
        const difference = firstDifference(received, canonical)
        if (difference === undefined) return received.equals(canonical)
        const { offset, kind } = difference
        const isFirst = received.subarray(0, offset).equals(canonical.subarray(0, offset))
        return isFirst && received[offset] !== canonical[offset] && kind !== 'other'
      }),
    )
  })

  it('never throws for any two byte strings', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const difference = firstDifference(one, other)
        return difference === undefined || difference.offset <= one.byteLength
      }),
    )
  })
})
