/** The escapes in JSON strings, on bytes: any spelling is read, and RFC 8785 3.2.2.2 is written. */
import { writeString } from './json-string.ts'

const LOWER_U = 0x75
const BACKSLASH = 0x5c

/** By the second byte of a two-byte escape, the character that it means; 0 if it is none. */
const TWO_BYTES = new Uint8Array(256)
for (const [letter, character] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  TWO_BYTES[letter?.charCodeAt(0) ?? 0] = character?.charCodeAt(0) ?? 0
}

/** The value of each hexadecimal digit, by its byte; 16 for all other bytes. */
const HEX = new Uint8Array(256).fill(16)
for (let value = 0; value < 16; value += 1) {
  const digit = value.toString(16)
  HEX[digit.charCodeAt(0)] = HEX[digit.toUpperCase().charCodeAt(0)] = value
}

/**
 * The code point of the escape at `at`, where a backslash is.
 * @returns undefined if it is no escape, or half of a surrogate pair.
 */
export function readEscape(input: Uint8Array, at: number): number | undefined {
  const kind = input[at + 1] ?? 0
  if (kind !== LOWER_U) return TWO_BYTES[kind] || undefined
  const unit = readHex(input, at + 2)
  const isSurrogate = unit !== undefined && unit >= 0xd800 && unit <= 0xdfff
  return isSurrogate ? readPair(input, at, unit) : unit
}

/** @param high the code unit that is escaped at `at`: a surrogate. */
function readPair(input: Uint8Array, at: number, high: number): number | undefined {
  if (high > 0xdbff || input[at + 6] !== BACKSLASH || input[at + 7] !== LOWER_U) return undefined
  const low = readHex(input, at + 8)
  if (low === undefined || low < 0xdc00 || low > 0xdfff) return undefined
  return 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
}

/** The number of bytes of the escape in the input for this code point. */
export function lengthOfEscape(input: Uint8Array, at: number, codePoint: number): number {
  if (input[at + 1] !== LOWER_U) return 2
  return codePoint > 0xffff ? 12 : 6
}

function readHex(input: Uint8Array, at: number): number | undefined {
  let unit = 0
  for (let i = at; i < at + 4; i += 1) {
    const value = HEX[input[i] ?? 0] ?? 16
    if (value === 16) return undefined
    unit = unit * 16 + value
  }
  return unit
}

/** The canonical bytes of each ASCII character in a string. */
const ASCII = Array.from({ length: 128 }, (_, code) =>
  Buffer.from(writeString(String.fromCharCode(code)).slice(1, -1)),
)

/** The length in bytes of the canonical form of each ASCII character. */
export const asciiLengths = Uint8Array.from(ASCII, ({ length }) => length)

/** RFC 3629 3: the bits of the first byte of UTF-8, by the number of continuation bytes. */
const LEADS = [0, 0xc0, 0xe0, 0xf0]

/** @returns the offset after the written bytes. */
export function writeCharacter(output: Uint8Array, at: number, codePoint: number): number {
  const ascii = ASCII[codePoint]
  if (ascii !== undefined) {
    let end = at
    for (const byte of ascii) output[end++] = byte
    return end
  }
  const more = codePoint < 0x800 ? 1 : codePoint < 0x1_0000 ? 2 : 3
  output[at] = (LEADS[more] ?? 0) | (codePoint >> (6 * more))
  for (let i = 1; i <= more; i += 1) {
    output[at + i] = 0x80 | ((codePoint >> (6 * (more - i))) & 0x3f)
  }
  return at + more + 1
}
