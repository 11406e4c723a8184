/**
 * Changes by hops after which not even the canonical form of a body matches the signature, and how to reverse
 * them.
 */
import { readString } from '../inngest/jcs/json-string.ts'
import {
  undoEntities,
  undoEntitiesInStrings,
  undoForm,
  undoJsonEscapes,
  undoPercent,
} from './escapes.ts'

/** @returns the body before the change; undefined if the hop cannot have made this change. */
type Undo = (received: Uint8Array) => Uint8Array | undefined

export const encodings = {
  /** A byte order mark was added at the start. */
  byte_order_mark: undoByteOrderMark,
  /** UTF-8 was read as Latin-1 or Windows-1252 and encoded again: `Ã©` for `é`. */
  double_utf8: undoDoubleEncoding,
  /** UTF-8 was converted to Latin-1 or Windows-1252. */
  latin1: undoSingleBytes,
  /** The whole body was escaped for HTML: `&quot;` for `"`. */
  html_entities: onText(undoEntities),
  /** The strings in the JSON were escaped for HTML: `&lt;` for `<`. */
  html_entities_in_strings: onText(undoEntitiesInStrings),
  /** The body was percent-encoded: `%7B` for `{`. */
  percent: onText(undoPercent),
  /** The body was made the name or the value of a form field. */
  form: onText(undoForm),
  /** The JSON was put into a JSON string. */
  json_string: undoJsonString,
  /** Line feeds were replaced with CR LF. */
  crlf: onText((text) => text.replaceAll('\r\n', '\n')),
  /** Characters were escaped in JSON that has no canonical form: `\u0026` for `&`. */
  json_escapes: onText(undoJsonEscapes),
} as const satisfies Record<string, Undo>

export type Encoding = keyof typeof encodings

/** @param undo works on a text with one character for each byte. */
function onText(undo: (text: string) => string): Undo {
  return ({ buffer, byteOffset, byteLength }) =>
    Buffer.from(undo(Buffer.from(buffer, byteOffset, byteLength).toString('latin1')), 'latin1')
}

function undoByteOrderMark(received: Uint8Array): Uint8Array | undefined {
  const [first, second, third] = received
  const isMarked = first === 0xef && second === 0xbb && third === 0xbf
  return isMarked ? received.subarray(3) : undefined
}

function undoJsonString(received: Uint8Array): Uint8Array | undefined {
  if (received[0] !== 0x22) return undefined
  const reading = readString(received, 0)
  return reading && Buffer.from(reading.text, 'utf8')
}

/**
 * Reverses a hop that reads UTF-8 as Latin-1. Most software that claims Latin-1 uses Windows-1252 (WHATWG
 * Encoding 4.2), which differs only from 0x80 to 0x9f; Node's `latin1` is the strict one.
 */

/** WHATWG index windows-1252, from 0x80. The five unassigned bytes remain control characters. */
const FROM_0X80 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

const byteOf = new Map(Array.from(FROM_0X80, (character, i) => [character, 0x80 + i]))

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * UTF-8 whose bytes were read as characters and encoded again: `Ã©` for `é`.
 * @returns undefined if some character cannot have been a byte.
 */
function undoDoubleEncoding(received: Uint8Array): Uint8Array | undefined {
  const text = decode(received)
  if (text === undefined) return undefined
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    const byte = code <= 0xff ? code : byteOf.get(text.charAt(i))
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return bytes
}

/** UTF-8 that was converted to one byte per character. */
function undoSingleBytes(received: Uint8Array): Uint8Array {
  const text = Buffer.from(received.buffer, received.byteOffset, received.byteLength)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (control) => FROM_0X80.charAt(control.charCodeAt(0) - 0x80))
  return Buffer.from(text, 'utf8')
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
