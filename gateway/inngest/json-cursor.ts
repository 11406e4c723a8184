/**
 * Moves through JSON on bytes, from member to member, without building values. It reads every valid document
 * correctly. It may accept an invalid one, because no parser of an app accepts that.
 */
import { unescaped } from './jcs/json-string.ts'
import { KINDS, OPEN, passNested, type Nesting } from './nested-end.ts'
import { endOfString } from './string-end.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/**
 * Maximum number of members and elements that are read, which takes a few milliseconds. A run has at most
 * 10,000 steps, and a body of ten megabytes could have a million members.
 */
const MAX_LOOKS = 100_000

/** Each character of a name has at most six bytes (`\u0063`). */
const LONGEST_ESCAPE = 6

/** Longer names match none: no name that matters has so many bytes. */
const LONGEST_NAME = 256 * LONGEST_ESCAPE

export class JsonCursor {
  readonly json: Buffer
  /** The offset of the next value, or the end of the last one. */
  at = 0
  /** The input is no JSON, or has too many members. Then all methods stop. */
  isBroken = false
  /** The name of the last member, without quotes and escapes. */
  #name: Buffer
  #nameFrom = 0
  #nameTo = 0
  #looks = 0
  readonly #nesting: Nesting = { depth: 0, end: 0, isInString: false }

  constructor(json: Buffer) {
    this.json = json
    this.#name = json
    this.#skipBlank()
  }

  openObject(): boolean {
    return this.#open(OPEN_OBJECT)
  }

  openArray(): boolean {
    return this.#open(OPEN_ARRAY)
  }

  /** Moves to the value of the next member of an object, after the previous value was taken. False at the end. */
  nextMember(): boolean {
    if (this.#isAtEnd(CLOSE_OBJECT)) return false
    if (this.json[this.at] !== QUOTE || !this.#takeName()) return this.#break()
    this.#skipBlank()
    if (this.at >= this.json.length || this.json[this.at] !== COLON) return this.#break()
    this.at += 1
    this.#skipBlank()
    return true
  }

  nextElement(): boolean {
    return !this.#isAtEnd(CLOSE_ARRAY)
  }

  /** Whether this is the name of the last member. */
  isNamed(name: Buffer): boolean {
    const from = this.#nameFrom
    if (this.#nameTo - from !== name.length) return false
    for (let i = 0; i < name.length; i += 1) if (this.#name[from + i] !== name[i]) return false
    return true
  }

  /**
   * Takes this literal.
   * @returns whether it was there.
   */
  takeLiteral(literal: Buffer): boolean {
    const end = this.at + literal.length
    if (end > this.json.length) return false
    for (let i = 0; i < literal.length; i += 1) {
      if (this.json[this.at + i] !== literal[i]) return false
    }
    this.at = end
    return true
  }

  /**
   * Takes a value that equals the bytes from `start` to `end`.
   * @returns whether it was there.
   */
  takeSame(start: number, end: number): boolean {
    const { json, at } = this
    const length = end - start
    if (at + length > json.length) return false
    if (json.compare(json, start, end, at, at + length) !== 0) return false
    this.at += length
    return true
  }

  /**
   * Takes a string.
   * @returns the offset of its text's end; -1 if there is no string.
   */
  takeString(): number {
    if (this.json[this.at] !== QUOTE) return -1
    const end = endOfString(this.json, this.at + 1)
    if (end >= this.json.length) this.#break()
    this.at = end + 1
    return end
  }

  /** Skips a value of any type. */
  skipValue(): void {
    if (this.at >= this.json.length) this.#break()
    else if (this.json[this.at] === QUOTE) this.takeString()
    else if (KINDS[this.json[this.at] ?? 0] === OPEN) this.#skipNested()
    else this.#skipScalar()
  }

  /** Whether only white space is left. */
  isAtEnd(): boolean {
    this.#skipBlank()
    return this.at === this.json.length
  }

  #open(bracket: number): boolean {
    if (this.at >= this.json.length || this.json[this.at] !== bracket) return false
    this.at += 1
    return true
  }

  #isAtEnd(bracket: number): boolean {
    this.#looks += 1
    this.#skipBlank(COMMA)
    if (this.isBroken || this.at >= this.json.length || this.#looks > MAX_LOOKS) {
      return !this.#break()
    }
    return this.#open(bracket)
  }

  #skipNested(): void {
    const nesting = this.#nesting
    nesting.depth = 0
    let { at } = this
    do at = passNested(this.json, at, nesting)
    while (nesting.depth > 0 && at !== -1 && at < this.json.length)
    if (at === -1 || nesting.depth > 0) this.#break()
    else this.at = at
  }

  #skipScalar(): void {
    const start = this.at
    while (this.at < this.json.length) {
      const byte = this.json[this.at] ?? 0
      if (byte === COMMA || KINDS[byte] !== 0) break
      this.at += 1
    }
    if (this.at === start) this.#break()
  }

  #takeName(): boolean {
    const from = this.at + 1
    let at = from
    while (at < this.json.length) {
      const byte = this.json[at]
      if (byte === QUOTE) {
        this.#setName(this.json, from, at)
        return true
      }
      if (byte === BACKSLASH) return this.#takeEscapedName(from)
      at += 1
    }
    return false
  }

  #takeEscapedName(from: number): boolean {
    const end = this.takeString()
    if (this.isBroken) return false
    const isLong = end - from > LONGEST_NAME
    const name = isLong ? '' : unescaped(this.json.toString('utf8', from, end))
    if (name === undefined) return false
    const bytes = Buffer.from(name)
    this.#setName(bytes, 0, bytes.length)
    this.at = end + 1
    return true
  }

  #setName(bytes: Buffer, from: number, to: number): void {
    this.#name = bytes
    this.#nameFrom = from
    this.#nameTo = to
    this.at = to + 1
  }

  #skipBlank(more = 0x20): void {
    while (this.at < this.json.length) {
      const byte = this.json[this.at]
      const isBlank = byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
      if (!isBlank && byte !== more) return
      this.at += 1
    }
  }

  #break(): false {
    this.isBroken = true
    return false
  }
}
