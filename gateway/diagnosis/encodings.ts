/** What hops do to a body so that not even its canonical form is what was signed, and its undoing. */
import { readString } from '../inngest/json-string.ts'
import { undoDoubleEncoding, undoSingleBytes } from './charset.ts'
import {
  undoEntities,
  undoEntitiesInStrings,
  undoForm,
  undoJsonEscapes,
  undoPercent,
} from './escapes.ts'

interface EncodingRow {
  /** What the hop did, for the operator. */
  readonly meaning: string
  /** @returns what the hop was given, if it did this; undefined if it cannot have. */
  readonly undo: (received: Uint8Array) => Uint8Array | undefined
}

export const encodings = {
  byte_order_mark: {
    meaning: 'A byte order mark was put in front.',
    undo: undoByteOrderMark,
  },
  double_utf8: {
    meaning: 'UTF-8 was taken for Latin-1 or Windows-1252 and encoded again: `Ã©` for `é`.',
    undo: undoDoubleEncoding,
  },
  latin1: {
    meaning: 'UTF-8 was turned into Latin-1 or Windows-1252.',
    undo: undoSingleBytes,
  },
  html_entities: {
    meaning: 'The whole body was escaped for HTML: `&quot;` for `"`.',
    undo: onText(undoEntities),
  },
  html_entities_in_strings: {
    meaning: 'The strings in the JSON were escaped for HTML: `&lt;` for `<`.',
    undo: onText(undoEntitiesInStrings),
  },
  percent: {
    meaning: 'The body was percent-encoded: `%7B` for `{`.',
    undo: onText(undoPercent),
  },
  form: {
    meaning: 'The body was made the name or the value of a form.',
    undo: onText(undoForm),
  },
  json_string: {
    meaning: 'The JSON was put into a JSON string.',
    undo: undoJsonString,
  },
  crlf: {
    meaning: 'Line feeds became CR LF.',
    undo: onText((text) => text.replaceAll('\r\n', '\n')),
  },
  json_escapes: {
    meaning: 'Characters were escaped in JSON that has no canonical form: `\\u0026` for `&`.',
    undo: onText(undoJsonEscapes),
  },
} as const satisfies Record<string, EncodingRow>

export type Encoding = keyof typeof encodings

/** @param undo of a text with one character for each byte. */
function onText(undo: (text: string) => string): EncodingRow['undo'] {
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
