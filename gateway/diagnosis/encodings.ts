/** What hops do to a body so that not even its canonical form is what was signed, and its undoing. */
import { readString } from '../inngest/jcs/json-string.ts'
import {
  undoEntities,
  undoEntitiesInStrings,
  undoForm,
  undoJsonEscapes,
  undoPercent,
} from './escapes.ts'

/** @returns what the hop was given, if it did this; undefined if it cannot have. */
type Undo = (received: Uint8Array) => Uint8Array | undefined

export const encodings = {
  /** A byte order mark was put in front. */
  byte_order_mark: undoByteOrderMark,
  /** UTF-8 was taken for Latin-1 or Windows-1252 and encoded again: `Ã©` for `é`. */
  double_utf8: undoDoubleEncoding,
  /** UTF-8 was turned into Latin-1 or Windows-1252. */
  latin1: undoSingleBytes,
  /** The whole body was escaped for HTML: `&quot;` for `"`. */
  html_entities: onText(undoEntities),
  /** The strings in the JSON were escaped for HTML: `&lt;` for `<`. */
  html_entities_in_strings: onText(undoEntitiesInStrings),
  /** The body was percent-encoded: `%7B` for `{`. */
  percent: onText(undoPercent),
  /** The body was made the name or the value of a form. */
  form: onText(undoForm),
  /** The JSON was put into a JSON string. */
  json_string: undoJsonString,
  /** Line feeds became CR LF. */
  crlf: onText((text) => text.replaceAll('\r\n', '\n')),
  /** Characters were escaped in JSON that has no canonical form: `\u0026` for `&`. */
  json_escapes: onText(undoJsonEscapes),
} as const satisfies Record<string, Undo>

export type Encoding = keyof typeof encodings

/** @param undo of a text with one character for each byte. */
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

/*
 * What a hop does that takes UTF-8 for Latin-1, undone. Most that say Latin-1 read Windows-1252
 * (WHATWG Encoding 4.2), which differs from 0x80 to 0x9f only; Node's `latin1` is the strict one.
 */

/** WHATWG index windows-1252, from 0x80 on; the five bytes it leaves free stay control characters. */
const FROM_0X80 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

const byteOf = new Map(Array.from(FROM_0X80, (character, i) => [character, 0x80 + i]))

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * UTF-8 whose bytes were taken for characters and encoded again: `Ã©` for `é`.
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

/** UTF-8 that was turned into one byte a character. */
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
