/**
 * JSON strings on bytes: validated as UTF-8 (RFC 3629) without lone surrogates, and written as RFC 8785 3.2.2.2
 * requires.
 */

/** A string in the input; `end` is the offset after its closing quote. */
export interface StringReading {
  readonly text: string
  readonly end: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @param start offset of the opening quote. @returns undefined if the string is not I-JSON. */
export function readString(input: Uint8Array, start: number): StringReading | undefined {
  let at = start + 1
  let isEscaped = false
  for (; ; at += 1) {
    const byte = input[at]
    if (byte === undefined || byte < 0x20) return undefined
    if (byte === QUOTE) break
    if (byte === BACKSLASH) {
      isEscaped = true
      at += 1
    }
  }
  const literal = decode(input.subarray(start + 1, at))
  const text = literal !== undefined && isEscaped ? unescaped(literal) : literal
  // A lone surrogate has no UTF-8: RFC 8785 3.2.2.2 requires an error.
  return text?.isWellFormed() === true ? { text, end: at + 1 } : undefined
}

/**
 * `JSON.stringify` writes exactly the escapes of RFC 8785 3.2.2.2 (ECMA-262 QuoteJSONString): the two-character
 * ones, lower-case `\u00xx` for other control characters, and all other characters unescaped.
 */
export function writeString(text: string): string {
  return JSON.stringify(text)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * The engine's own parser decodes the escapes.
 * @param literal the text between the quotes.
 * @returns undefined if it is not a JSON string: a lenient parser may read it in any way.
 */
export function unescaped(literal: string): string | undefined {
  try {
    return JSON.parse(`"${literal}"`) as string
  } catch {
    return undefined
  }
}
