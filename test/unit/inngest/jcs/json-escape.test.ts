import { describe, expect, it } from 'vitest'

import {
  lengthOfEscape,
  readEscape,
  writeCharacter,
} from '../../../../gateway/inngest/jcs/json-escape.ts'

const hex = (unit: number) => unit.toString(16).padStart(4, '0')

function written(codePoint: number): string {
  const output = Buffer.alloc(12)
  return output.subarray(0, writeCharacter(output, 0, codePoint)).toString()
}

describe('readEscape', () => {
  it.each([
    ['\\"', 0x22],
    ['\\\\', 0x5c],
    ['\\/', 0x2f],
    ['\\b', 0x08],
    ['\\f', 0x0c],
    ['\\n', 0x0a],
    ['\\r', 0x0d],
    ['\\t', 0x09],
    ['\\u0000', 0x00],
    ['\\u00e9', 0xe9],
    ['\\u00E9', 0xe9],
    ['\\uD83d\\uDe00', 0x1f600],
    ['\\ud800\\udc00', 0x10000],
    ['\\udbff\\udfff', 0x10ffff],
  ])('reads %s and its length', (text, codePoint) => {
    const input = Buffer.from(`${text}0`)
    expect(readEscape(input, 0)).toBe(codePoint)
    expect(lengthOfEscape(input, 0, codePoint)).toBe(text.length)
  })

  it.each([
    '\\',
    '\\x',
    '\\U0041',
    '\\0',
    "\\'",
    '\\\n',
    '\\é',
    '\\u',
    '\\u00e',
    '\\u00g0',
    '\\u+041',
    '\\u 041',
    '\\ud800',
    '\\ud800x',
    '\\ud800\\n',
    '\\ud800\\u0041',
    '\\ud800\\ud800',
    '\\ud800\\udc0',
    '\\udc00',
    '\\udc00\\ud800',
  ])('reads nothing in %j', (text) => {
    expect(readEscape(Buffer.from(text), 0)).toBeUndefined()
  })
})

describe('writeCharacter', () => {
  it('writes every code unit as JSON.stringify does, and reads it back from its escape', () => {
    for (let unit = 0; unit <= 0xffff; unit += 1) {
      if (unit >= 0xd800 && unit <= 0xdfff) continue
      expect(readEscape(Buffer.from(`\\u${hex(unit)}`), 0)).toBe(unit)
      expect(`"${written(unit)}"`).toBe(JSON.stringify(String.fromCharCode(unit)))
    }
  })

  it.each([0x10000, 0x1f600, 0xfffff, 0x100000, 0x10ffff])('writes %i as UTF-8', (codePoint) => {
    expect(written(codePoint)).toBe(String.fromCodePoint(codePoint))
  })
})
