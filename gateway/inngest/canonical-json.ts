/**
 * RFC 8785 (JCS) over bytes, strict: what has no lossless canonical form has none here. Inngest's
 * SDKs canonicalise what a lenient parser made of the body, so that `{"a":1,"a":2}` or `1e400`
 * verify there as another document than the one that was signed.
 */
import { readString, writeString } from './json-string.ts'

/**
 * Deepest nesting that is read. Inngest's own part of a call nests four levels and event data a few
 * more; the bound keeps the recursion far from the end of the stack.
 */
export const maxDepth = 200

/** RFC 8259 6. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** @returns undefined if `input` is not exactly one I-JSON (RFC 7493) value. */
export function canonicalizeJson(input: Uint8Array): Uint8Array | undefined {
  const reader = new Reader(input)
  const value = reader.readValue(1)
  if (value === undefined || !reader.isAtEnd()) return undefined
  return Buffer.from(value, 'utf8')
}

const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22

/** Reads values front to back; each method returns canonical text, or undefined to refuse. */
class Reader {
  readonly #input: Uint8Array
  /** One character for each byte, for the number pattern; offsets are those of the bytes. */
  readonly #latin1: string
  #at = 0

  constructor(input: Uint8Array) {
    this.#input = input
    this.#latin1 = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('latin1')
  }

  isAtEnd(): boolean {
    return this.#peek() === undefined
  }

  readValue(depth: number): string | undefined {
    switch (this.#peek()) {
      case OPEN_OBJECT:
        return depth > maxDepth ? undefined : this.#readObject(depth)
      case OPEN_ARRAY:
        return depth > maxDepth ? undefined : this.#readArray(depth)
      case QUOTE: {
        const text = this.#readString()
        return text === undefined ? undefined : writeString(text)
      }
      default:
        return this.#readLiteral() ?? this.#readNumber()
    }
  }

  #readObject(depth: number): string | undefined {
    this.#at += 1
    const members = new Map<string, string>()
    if (this.#take(CLOSE_OBJECT)) return '{}'
    do {
      const name = this.#peek() === QUOTE ? this.#readString() : undefined
      // A doubled name: parsers differ in which one counts.
      if (name === undefined || members.has(name) || !this.#take(COLON)) return undefined
      const value = this.readValue(depth + 1)
      if (value === undefined) return undefined
      members.set(name, value)
    } while (this.#take(COMMA))
    return this.#take(CLOSE_OBJECT) ? writeObject(members) : undefined
  }

  #readArray(depth: number): string | undefined {
    this.#at += 1
    const elements: string[] = []
    if (this.#take(CLOSE_ARRAY)) return '[]'
    do {
      const value = this.readValue(depth + 1)
      if (value === undefined) return undefined
      elements.push(value)
    } while (this.#take(COMMA))
    return this.#take(CLOSE_ARRAY) ? `[${elements.join(',')}]` : undefined
  }

  #readString(): string | undefined {
    const reading = readString(this.#input, this.#at)
    if (reading !== undefined) this.#at = reading.end
    return reading?.text
  }

  #readLiteral(): string | undefined {
    for (const literal of ['true', 'false', 'null']) {
      if (!this.#latin1.startsWith(literal, this.#at)) continue
      this.#at += literal.length
      return literal
    }
    return undefined
  }

  #readNumber(): string | undefined {
    NUMBER.lastIndex = this.#at
    const text = NUMBER.exec(this.#latin1)?.[0]
    if (text === undefined) return undefined
    const value = Number(text)
    // 1e400: a lenient parser makes Infinity of it, and `null` of that.
    if (!Number.isFinite(value)) return undefined
    this.#at += text.length
    // RFC 8785 3.2.2.3 is ECMA-262 Number::toString, which also writes -0 as 0.
    return String(value)
  }

  /** The next byte that is no white space (RFC 8259 2), without taking it. */
  #peek(): number | undefined {
    for (;;) {
      const byte = this.#input[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#at += 1
    }
  }

  #take(byte: number): boolean {
    if (this.#peek() !== byte) return false
    this.#at += 1
    return true
  }
}

/** RFC 8785 3.2.3: names in the order of their UTF-16 code units, which is how strings compare. */
function writeObject(members: ReadonlyMap<string, string>): string {
  const names = [...members.keys()].sort()
  return `{${names.map((name) => `${writeString(name)}:${members.get(name) ?? ''}`).join(',')}}`
}
