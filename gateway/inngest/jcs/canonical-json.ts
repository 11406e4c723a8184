/**
 * Strict RFC 8785 (JCS) on bytes: input without a lossless canonical form is rejected. SDKs canonicalize the
 * result of a lenient parser, which is not always the document that was signed.
 *
 * One pass from bytes to bytes, because any client in the allowlist can send ten megabytes: time and memory are
 * proportional to the body.
 */
import { isUtf8 } from 'node:buffer'

import { copyBytes, UintList } from './uint-list.ts'
import { lengthOfEscape, readEscape, writeCharacter } from './json-escape.ts'
import { endOfNumber, isCanonicalNumber, isSameDecimal } from './json-number.ts'
import { MemberMoves } from './member-moves.ts'
import { compareNames } from './member-order.ts'

/**
 * Maximum nesting. Inngest's own part of a call has four levels and event data a few more. The limit prevents a
 * stack overflow of the recursion.
 */
export const maxDepth = 200

/**
 * Maximum input on the event loop: usual JSON of this length takes a millisecond, and the worst case ten,
 * during which no other request is served. Longer bodies go to the threads of threads/canonical-pool.ts.
 */
export const maxInlineBytes = 65_536

/**
 * @param mayRound whether a number may be written as its double if that changes its value. It must be false if
 * the app reads `input` itself: with 64-bit integers, it may read another value.
 * @returns undefined if `input` is not exactly one I-JSON (RFC 7493) value.
 */
export function canonicalizeJson(
  input: Uint8Array,
  mayRound = true,
): Uint8Array<ArrayBuffer> | undefined {
  // Only strings of JSON may have bytes beyond ASCII, so they are valid exactly if the whole input is.
  if (!isUtf8(input)) return undefined
  const canonicalizer = new Canonicalizer(input, mayRound)
  return canonicalizer.takeValue(1) && canonicalizer.isAtEnd() ? canonicalizer.output() : undefined
}

const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20

const LOWER_T = 0x74
const LOWER_F = 0x66
const LOWER_N = 0x6e

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

/** Only numbers become longer, and this one grows most: it is written with 21 digits. */
const MOST_GROWTH = 21 / '1e20'.length

/** Takes values from front to back and writes each. Every method returns whether it found one. */
class Canonicalizer {
  readonly #input: Buffer
  readonly #mayRound: boolean
  #at = 0
  /** Always has room for the rest of the input. */
  #written: Buffer<ArrayBuffer>
  #length = 0
  /** The members of all open objects, two offsets for each (member-order.ts). */
  readonly #members = new UintList()
  readonly #moves = new MemberMoves()

  constructor(input: Uint8Array, mayRound: boolean) {
    this.#mayRound = mayRound
    this.#input = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
    this.#written = Buffer.alloc(input.byteLength)
  }

  isAtEnd(): boolean {
    return this.#peek() === undefined
  }

  output(): Uint8Array<ArrayBuffer> {
    const written = this.#written.subarray(0, this.#length)
    return this.#moves.size === 0 ? written : this.#moves.applyTo(written)
  }

  takeValue(depth: number): boolean {
    switch (this.#peek()) {
      case OPEN_OBJECT:
        return depth <= maxDepth && this.#takeObject(depth)
      case OPEN_ARRAY:
        return depth <= maxDepth && this.#takeArray(depth)
      case QUOTE:
        return this.#takeString()
      case LOWER_T:
        return this.#takeLiteral(TRUE)
      case LOWER_F:
        return this.#takeLiteral(FALSE)
      case LOWER_N:
        return this.#takeLiteral(NULL)
      default:
        return this.#takeNumber()
    }
  }

  #takeObject(depth: number): boolean {
    this.#take(OPEN_OBJECT)
    if (this.#take(CLOSE_OBJECT)) return true
    const first = this.#members.length
    const inner = this.#moves.size
    let isInOrder = true
    do {
      const start = this.#length
      if (this.#peek() !== QUOTE || !this.#takeString() || !this.#take(COLON)) return false
      const order = this.#compareWithLast(first, start)
      // For a duplicate name: parsers differ in which one counts.
      if (order === 0) return false
      isInOrder &&= order < 0
      this.#members.push(start)
      if (!this.takeValue(depth + 1)) return false
      this.#members.push(this.#length)
    } while (this.#take(COMMA))
    if (!isInOrder && !this.#moves.add(this.#written, this.#members, first, inner)) return false
    this.#members.length = first
    return this.#take(CLOSE_OBJECT)
  }

  /** @param first where the members of the object begin. */
  #compareWithLast(first: number, start: number): number {
    const { length } = this.#members
    return length === first ? -1 : compareNames(this.#written, this.#members.at(length - 2), start)
  }

  #takeArray(depth: number): boolean {
    this.#take(OPEN_ARRAY)
    if (this.#take(CLOSE_ARRAY)) return true
    do if (!this.takeValue(depth + 1)) return false
    while (this.#take(COMMA))
    return this.#take(CLOSE_ARRAY)
  }

  #takeString(): boolean {
    this.#take(QUOTE)
    for (;;) {
      const end = endOfPlain(this.#input, this.#at)
      this.#copy(end)
      const byte = this.#input[end]
      if (byte === QUOTE) return this.#take(QUOTE)
      if (byte !== BACKSLASH) return false
      const codePoint = readEscape(this.#input, end)
      if (codePoint === undefined) return false
      this.#length = writeCharacter(this.#written, this.#length, codePoint)
      this.#at += lengthOfEscape(this.#input, end, codePoint)
    }
  }

  #takeLiteral(literal: Buffer): boolean {
    for (const byte of literal) if (!this.#takeByte(byte)) return false
    return true
  }

  #takeNumber(): boolean {
    const start = this.#at
    const end = endOfNumber(this.#input, start)
    if (end === undefined) return false
    if (!isCanonicalNumber(this.#input, start, end)) return this.#rewriteNumber(start, end)
    this.#copy(end)
    return true
  }

  #rewriteNumber(start: number, end: number): boolean {
    const literal = this.#input.toString('latin1', start, end)
    const value = Number(literal)
    // For 1e400, a lenient parser yields Infinity, which it writes as `null`.
    if (!Number.isFinite(value)) return false
    // RFC 8785 3.2.2.3 is ECMA-262 Number::toString, which also writes -0 as 0.
    const text = String(value)
    if (!this.#mayRound && !isSameDecimal(literal, text)) return false
    if (text.length > end - start) this.#makeRoom()
    this.#at = end
    for (let i = 0; i < text.length; i += 1) this.#written[this.#length++] = text.charCodeAt(i)
    return true
  }

  /** Takes bytes that are canonical already. */
  #copy(end: number): void {
    copyBytes(this.#input, this.#at, end, this.#written, this.#length)
    this.#length += end - this.#at
    this.#at = end
  }

  /** Room for the whole rest of the input at once: memory that is not written to costs nothing. */
  #makeRoom(): void {
    const left = this.#input.byteLength - this.#at
    const needed = this.#length + Math.ceil(left * MOST_GROWTH)
    if (needed <= this.#written.byteLength) return
    const longer = Buffer.alloc(needed)
    longer.set(this.#written.subarray(0, this.#length))
    this.#written = longer
  }

  /** The next byte that is not white space (RFC 8259 2), without taking it. */
  #peek(): number | undefined {
    for (;;) {
      const byte = this.#input[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#at += 1
    }
  }

  #take(byte: number): boolean {
    return this.#peek() === byte && this.#takeByte(byte)
  }

  #takeByte(byte: number): boolean {
    if (this.#input[this.#at] !== byte) return false
    this.#at += 1
    this.#written[this.#length++] = byte
    return true
  }
}

/** @returns the offset of the first byte from `start` that ends the string or needs a closer look. */
function endOfPlain(input: Uint8Array, start: number): number {
  let at = start
  while (isPlain(input[at])) at += 1
  return at
}

function isPlain(byte: number | undefined): boolean {
  return byte !== undefined && byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH
}
