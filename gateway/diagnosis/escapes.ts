/**
 * Removes escapes that a hop added. Texts here have one character for each byte (latin1), so that invalid UTF-8
 * passes unchanged.
 */
import { writeString } from '../inngest/jcs/json-string.ts'

/** The five entities of XML and the numeric ones, which common escaping functions write. */
const ENTITY = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi

const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** The whole body was escaped, including the quotes of the JSON. */
export function undoEntities(text: string): string {
  return replaceEntities(text, asBytes)
}

/** Each string of the JSON was escaped: a restored quote needs its backslash again. */
export function undoEntitiesInStrings(text: string): string {
  return replaceEntities(text, (character) => asBytes(writeString(character).slice(1, -1)))
}

function replaceEntities(text: string, write: (character: string) => string): string {
  return text.replace(ENTITY, (entity, name?: string, decimal?: string, hex?: string) => {
    const named = name && NAMED.get(name.toLowerCase())
    const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal)
    const character = named ?? (code <= 0x10ffff ? String.fromCodePoint(code) : undefined)
    return character?.isWellFormed() === true ? write(character) : entity
  })
}

/** @param text latin1, or ASCII from a header. */
export function undoPercent(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}

/** The body became a form: `payload=%7B…%7D`, or `%7B…%7D=` if it was taken for a name. */
export function undoForm(text: string): string {
  const value = text.replace(/^[\w.-]{1,64}=/, '').replace(/=$/, '')
  return undoPercent(value.replaceAll('+', ' '))
}

/** Escapes that JSON does not need: `\/`, `\u0026`, `\u00e9`. */
export function undoJsonEscapes(text: string): string {
  return text.replace(/(?:\\u[0-9a-fA-F]{4})+|\\[^]/g, (escapes) => {
    if (escapes === '\\/') return '/'
    if (escapes.length === 2) return escapes
    return asBytes(writeString(JSON.parse(`"${escapes}"`) as string).slice(1, -1))
  })
}

function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
