/**
 * Finds the end of the first JSON value in some bytes, or that the bytes end within it. It is more lenient than
 * canonical-json.ts, which only reports whether there is a canonical form: a truncated or extended body has
 * none, and the grammar of numbers and the UTF-8 of strings do not matter here.
 */
import { maxDepth } from '../inngest/jcs/canonical-json.ts'

export type JsonEnd =
  /** `end` is the offset after the value. */
  | { readonly kind: 'whole'; readonly end: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'not_json' }

export function findJsonEnd(input: Uint8Array): JsonEnd {
  const scanner = new Scanner(input)
  const kind = scanner.passValue(1)
  return kind === 'whole' ? { kind, end: scanner.at } : { kind }
}

const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d

const LITERALS = ['true', 'false', 'null']

type Passed = JsonEnd['kind']

/** Skips values from front to back. Each method returns the outcome. */
class Scanner {
  at = 0
  readonly #input: Uint8Array

  constructor(input: Uint8Array) {
    this.#input = input
  }

  passValue(depth: number): Passed {
    switch (this.#peek()) {
      case OPEN_OBJECT:
        return this.#passAll(CLOSE_OBJECT, depth, () => this.#passMember(depth))
      case OPEN_ARRAY:
        return this.#passAll(CLOSE_ARRAY, depth, () => this.passValue(depth + 1))
      case QUOTE:
        return this.#passString()
      default:
        return this.#passWord()
    }
  }

  #passAll(close: number, depth: number, passOne: () => Passed): Passed {
    if (depth > maxDepth) return 'not_json'
    this.at += 1
    if (this.#take(close) === 'whole') return 'whole'
    do {
      const one = passOne()
      if (one !== 'whole') return one
    } while (this.#take(COMMA) === 'whole')
    return this.#take(close)
  }

  #passMember(depth: number): Passed {
    if (this.#peek() !== QUOTE) return this.#missing()
    const name = this.#passString()
    if (name !== 'whole') return name
    const colon = this.#take(COLON)
    return colon === 'whole' ? this.passValue(depth + 1) : colon
  }

  #passString(): Passed {
    for (this.at += 1; ; this.at += 1) {
      const byte = this.#input[this.at]
      if (byte === undefined) return 'cut'
      if (byte < 0x20) return 'not_json'
      if (byte === BACKSLASH) this.at += 1
      if (byte !== QUOTE) continue
      this.at += 1
      return 'whole'
    }
  }

  #passWord(): Passed {
    const literal = LITERALS.find((word) => word.charCodeAt(0) === this.#input[this.at])
    return literal === undefined ? this.#passNumber() : this.#passLiteral(literal)
  }

  #passLiteral(literal: string): Passed {
    for (let i = 0; i < literal.length; i += 1, this.at += 1) {
      if (this.#input[this.at] !== literal.charCodeAt(i)) return this.#missing()
    }
    return 'whole'
  }

  #passNumber(): Passed {
    if (this.#input[this.at] === MINUS) this.at += 1
    if (!isDigit(this.#input[this.at])) return this.#missing()
    while (isOfNumber(this.#input[this.at])) this.at += 1
    return 'whole'
  }

  #take(byte: number): Passed {
    if (this.#peek() !== byte) return this.#missing()
    this.at += 1
    return 'whole'
  }

  /** A required token is missing. */
  #missing(): Passed {
    return this.at >= this.#input.byteLength ? 'cut' : 'not_json'
  }

  /** The next byte that is not white space (RFC 8259 2), without taking it. */
  #peek(): number | undefined {
    for (;;) {
      const byte = this.#input[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.at += 1
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** A digit, or one of `+-.Ee`. */
function isOfNumber(byte: number | undefined): boolean {
  if (isDigit(byte)) return true
  return byte === 0x2b || byte === MINUS || byte === 0x2e || byte === 0x45 || byte === 0x65
}
