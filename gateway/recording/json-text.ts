/** The inside of JSON strings with other characters: as many bytes, and each escape of the kind that it was. */
import { fill, filler } from './fill.ts'
import { Unredactable } from './placeholders.ts'

/** The short escapes but `\/`, which is the only one that is not canonical (RFC 8785 3.2.2.2). */
const SHORT = /^\\["\\bfnrt]/

const CONTROLS_WITH_SHORT_ESCAPE = '\b\t\n\f\r'

/** @param literal what is between the quotes of a valid string. */
export function fillLiteral(literal: string): string {
  if (!literal.includes('\\')) return fill(literal)
  let filled = ''
  for (let at = 0; at < literal.length;) {
    const next = literal.indexOf('\\', at)
    const plainEnd = next === -1 ? literal.length : next
    filled += fill(literal.slice(at, plainEnd))
    if (next === -1) break
    const escape = escapeAt(literal, next)
    filled += fillEscape(escape)
    at = next + escape.length
  }
  return filled
}

/**
 * Another text for the same string, each character of it spelled as the one in its place.
 * @throws Unredactable if the text cannot be spelled so.
 */
export function respell(literal: string, text: string): string {
  let spelled = ''
  let at = 0
  for (const character of text) {
    const escape = literal[at] === '\\' ? escapeAt(literal, at) : undefined
    spelled += escape === undefined ? character : spellAs(escape, character)
    at += escape?.length ?? 1
  }
  if (at !== literal.length || spelled.length !== literal.length) {
    throw new Unredactable('no other text is spelled so')
  }
  return spelled
}

function spellAs(escape: string, character: string): string {
  if (escape.length === 6) return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return escape === '\\/' && character === '/' ? escape : ''
}

/** A pair of surrogates is one. */
function escapeAt(literal: string, at: number): string {
  if (literal[at + 1] !== 'u') return literal.slice(at, at + 2)
  const pair = /^\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}/i.exec(literal.slice(at, at + 12))
  return literal.slice(at, at + (pair === null ? 6 : 12))
}

function fillEscape(escape: string): string {
  if (escape === '\\/') return escape
  if (SHORT.test(escape)) return '\\n'
  if (escape.length === 12) return '\\ud83c\\udf0d'
  const hex = escape.slice(2)
  return `\\u${fillerOf(Number.parseInt(hex, 16), hex)}`
}

/** @returns the digits of a character that has the same kind of canonical form. */
function fillerOf(code: number, hex: string): string {
  if (code >= 0xd800 && code <= 0xdfff) return 'd800'
  if (code < 0x20) {
    if (CONTROLS_WITH_SHORT_ESCAPE.includes(String.fromCharCode(code))) return '000a'
    return hex === hex.toLowerCase() ? '001f' : '001F'
  }
  if (code === 0x22 || code === 0x5c) return '0022'
  return code < 0x80 ? '0026' : filler(code).charCodeAt(0).toString(16).padStart(4, '0')
}
