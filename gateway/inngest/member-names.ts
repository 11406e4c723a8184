/**
 * The names of the members of a JSON body and of its `ctx`, found in one pass over the received bytes. Only
 * quotes and brackets count, so the pass has no depth limit and costs about a nanosecond per byte. Deeper
 * names, such as those of event data, are skipped.
 */
import { bufferOf, type Body } from './body.ts'
import { CLOSE, KINDS, OPEN, passNested, STRING, type Nesting } from './nested-end.ts'
import { endOfString } from './string-end.ts'

/** The object that a name belongs to: the body or its `ctx`. */
export type NameOwner = 'body' | 'ctx'

/** The position of a name, without its quotes and with its escapes. */
export interface NameBytes {
  json: Buffer
  from: number
  to: number
}

/** Gets the same `name` object each time, with new content. */
type NameTest = (name: NameBytes, owner: NameOwner) => boolean

/**
 * Maximum number of names; Inngest sends about 20. A body of ten megabytes could have a million, which would
 * block the event loop for a tenth of a second.
 */
const MAX_NAMES = 1000

/**
 * Each character of a name has at most six bytes (`\u0063`), and no name that matters has more than 13
 * characters.
 */
const LONGEST_NAME = 13 * 6

const COLON = 0x3a

const NO_BYTES = Buffer.of()

/**
 * @param start 0, or the offset after a value within `ctx`, which has to be the first member.
 * @param isFine called for each name after `start`.
 * @returns whether all names are fine, and the body is one object by its quotes and brackets. False also if
 * there are more names than any call has.
 */
export function everyName(body: Body, start: number, isFine: NameTest): boolean {
  const scanner = new NameScanner(start > 0, isFine, 0)
  return scan(scanner, body, start) !== -1 && scanner.isAtEnd
}

/**
 * The same for the names of `ctx` alone.
 * @param start offset after a value within `ctx`, which has to be the first member.
 * @returns the offset after `ctx`; -1 if a name is not fine or `ctx` has no end.
 */
export function endOfContext(body: Body, start: number, isFine: NameTest): number {
  const scanner = new NameScanner(true, isFine, 2)
  const end = scan(scanner, body, start)
  return scanner.isDone ? end : -1
}

/** @returns the offset after the last byte taken; -1 if a name is not fine. */
function scan(scanner: NameScanner, body: Body, start: number): number {
  let offset = 0
  for (const piece of body.pieces) {
    const from = Math.max(0, start - offset)
    if (from < piece.byteLength) {
      const at = scanner.take(piece, from)
      if (at === -1) return -1
      if (scanner.isDone) return offset + at
    }
    offset += piece.byteLength
  }
  return offset
}

type Place = 'among names' | 'in a name' | 'behind a name' | 'nested' | 'in a string'

class NameScanner {
  /** True after the closing bracket of the object. */
  isAtEnd = false
  readonly #isFine: NameTest
  readonly #leastDepth: number
  readonly #nesting: Nesting
  #isInContext: boolean
  #names = 0
  /** The state at the start of the next piece. */
  #place: Place = 'among names'
  /** The last string, which may be a name. */
  readonly #name: NameBytes = { json: NO_BYTES, from: 0, to: 0 }
  /** The number of bytes of the next piece that belong to an escape at the end of this one. */
  #escaped = 0

  /** @param leastDepth the scan ends when fewer brackets are open. */
  constructor(isInContext: boolean, isFine: NameTest, leastDepth: number) {
    this.#isFine = isFine
    this.#leastDepth = leastDepth
    this.#isInContext = isInContext
    this.#nesting = { depth: isInContext ? 2 : 0, end: 0, isInString: false }
  }

  get isDone(): boolean {
    return this.#nesting.depth < this.#leastDepth
  }

  /**
   * @returns the offset after the last byte taken: the end of the piece, unless the scan ended. -1 if a name is
   * not fine.
   */
  take(piece: Uint8Array, from: number): number {
    // Nothing may follow the object: some parsers would leave it for the next read.
    if (this.isAtEnd) return -1
    const json = bufferOf(piece)
    let at = from + this.#escaped
    if (this.#escaped > 0 && this.#place === 'in a name') this.#addToName(json, this.#escaped)
    while (at >= 0 && at < json.length && !this.isDone) at = this.#takeNext(json, at)
    this.#escaped = at - json.length
    return at
  }

  /** Each step returns the offset after the last byte it took, or -1 if a name is not fine. */
  #takeNext(json: Buffer, at: number): number {
    switch (this.#place) {
      case 'among names':
        return this.#takeStructure(json, at)
      case 'nested':
        return this.#takeNested(json, at)
      case 'in a string':
        return this.#takeString(json, at)
      case 'in a name':
        return this.#takeRestOfName(json, at)
      case 'behind a name':
        return this.#takeColon(json, at)
    }
  }

  #takeStructure(json: Buffer, from: number): number {
    const kind = KINDS[json[from] ?? 0]
    const at = from + 1
    switch (kind) {
      case 0:
        return at
      case STRING:
        return this.#takeName(json, at)
      case OPEN:
        this.#nesting.depth += 1
        return this.#isAmongNames() ? at : this.#takeNested(json, at)
      case CLOSE:
        this.#nesting.depth -= 1
        this.isAtEnd = this.#nesting.depth === 0 && at === json.length
        return this.isAtEnd || this.#nesting.depth > 0 ? at : -1
      default:
        return -1
    }
  }

  #takeNested(json: Buffer, from: number): number {
    const nesting = this.#nesting
    nesting.end = this.#isInContext ? 2 : 1
    const at = passNested(json, from, nesting)
    if (nesting.isInString) this.#place = 'in a string'
    else this.#place = nesting.depth > nesting.end ? 'nested' : 'among names'
    return at
  }

  #isAmongNames(): boolean {
    return this.#nesting.depth === 1 || (this.#nesting.depth === 2 && this.#isInContext)
  }

  /** The rest of a string that began in an earlier piece. */
  #takeString(json: Buffer, from: number): number {
    const end = endOfString(json, from)
    if (end >= json.length) return end
    this.#place = 'nested'
    return end + 1
  }

  #takeName(json: Buffer, from: number): number {
    const end = endOfString(json, from)
    const name = this.#name
    name.json = json
    name.from = from
    name.to = Math.min(end, json.length)
    if (end < json.length) return this.#takeColon(json, end + 1)
    this.#place = 'in a name'
    return end
  }

  /** The rest of a name that began in an earlier piece. */
  #takeRestOfName(json: Buffer, from: number): number {
    const end = endOfString(json, from)
    this.#addToName(json.subarray(from), end - from)
    return end < json.length ? this.#takeColon(json, end + 1) : end
  }

  /** A long name is only kept as far as needed to see that it is too long. */
  #addToName(json: Buffer, length: number): void {
    const name = this.#name
    const text = Buffer.concat([name.json.subarray(name.from, name.to), json.subarray(0, length)])
    name.json = text.subarray(0, LONGEST_NAME + 1)
    name.from = 0
    name.to = name.json.length
  }

  /** A string before a colon is a name. */
  #takeColon(json: Buffer, from: number): number {
    let at = from
    while (at < json.length && isBlank(json[at])) at += 1
    this.#place = at < json.length ? 'among names' : 'behind a name'
    if (at === json.length || json[at] !== COLON) return at
    return this.#isNameFine() ? at + 1 : -1
  }

  #isNameFine(): boolean {
    this.#names += 1
    if (this.#names > MAX_NAMES) return false
    const name = this.#name
    const owner = this.#nesting.depth === 1 ? 'body' : 'ctx'
    if (owner === 'body') this.#isInContext = isContext(name)
    return name.to - name.from > LONGEST_NAME || this.#isFine(name, owner)
  }
}

function isContext({ json, from, to }: NameBytes): boolean {
  return (
    to - from === 3 && json[from] === 0x63 && json[from + 1] === 0x74 && json[from + 2] === 0x78
  )
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
