/** Reads the body of one message from the bytes of a connection: by length, in chunks, or until the connection ends. */
import type { ByteQueue } from './byte-queue.ts'
import { EndSearch } from './end-search.ts'
import type { Framing } from './framing.ts'
import { readHeaderSection, type HeaderSection } from './header-section.ts'

const CRLF = '\r\n'

/**
 * A chunk's size in hexadecimal, and its extensions, which are ignored (RFC 9112 7.1.1). A number of thirteen
 * digits after leading zeros is exact in JavaScript.
 */
const CHUNK_LINE =
  /^0*([0-9a-fA-F]{1,13})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/

/** The longest line of a chunk's size or of a trailer, without its CRLF. */
const LONGEST_LINE = 4096

/** The most bytes of extensions and trailers in one body (CVE-2024-22019). */
const MOST_OVERHEAD_BYTES = 16_384

/** A size without extensions has a few digits. The rest of a longer line counts as overhead. */
const PLAIN_CHUNK_LINE = 16

/** Shorter chunks that have already arrived are joined, because each piece has a fixed cost. */
const SHORT_PIECE_BYTES = 1024

/** A piece of the body; `end` after its last byte; `invalid` if the bytes are not a body; undefined if more are needed. */
export type BodyPart = Buffer | 'end' | 'invalid' | undefined

type Expected =
  'data' | 'until-close' | 'chunk-line' | 'chunk-data' | 'chunk-end' | 'trailers' | 'nothing'

export class BodyReader {
  readonly #queue: ByteQueue
  readonly #lineEnd: EndSearch
  #expected: Expected = 'nothing'
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0
  #overhead = 0
  /** The part that was read after joined pieces. */
  #held: Exclude<BodyPart, undefined> | undefined

  constructor(queue: ByteQueue) {
    this.#queue = queue
    this.#lineEnd = new EndSearch(queue, CRLF)
  }

  start(framing: Framing): void {
    this.#overhead = 0
    this.#left = framing.kind === 'length' ? framing.bytes : 0
    this.#expected = FIRST[framing.kind]
  }

  /** Whether this body ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#expected === 'until-close'
  }

  next(): BodyPart {
    const part = this.#held ?? this.#next()
    this.#held = undefined
    const isShort = typeof part === 'object' && part.length < SHORT_PIECE_BYTES
    return isShort && this.#queue.length > 0 ? this.#joined(part) : part
  }

  #joined(first: Buffer): Buffer {
    const pieces = [first]
    let part = this.#next()
    while (typeof part === 'object' && part.length < SHORT_PIECE_BYTES) {
      pieces.push(part)
      part = this.#next()
    }
    this.#held = part
    return pieces.length === 1 ? first : Buffer.concat(pieces)
  }

  #next(): BodyPart {
    for (;;) {
      switch (this.#expected) {
        case 'nothing':
          return 'end'
        case 'until-close':
          return this.#queue.length === 0 ? undefined : this.#queue.take()
        case 'data':
        case 'chunk-data':
          if (this.#left > 0) return this.#piece()
          this.#expected = this.#expected === 'data' ? 'nothing' : 'chunk-end'
          break
        default: {
          const problem = this.#line()
          if (problem !== 'read') return problem
        }
      }
    }
  }

  #piece(): Buffer | undefined {
    if (this.#queue.length === 0) return undefined
    const piece = this.#queue.take(this.#left)
    this.#left -= piece.length
    return piece
  }

  #line(): 'read' | 'end' | 'invalid' | undefined {
    // Only CRLF may follow a chunk.
    const most = this.#expected === 'chunk-end' ? 0 : LONGEST_LINE
    const length = this.#lineEnd.next(most + CRLF.length)
    if (length === undefined) return undefined
    if (typeof length === 'string') return 'invalid'
    const line = this.#queue.peekText(0, length)
    this.#queue.skip(length + CRLF.length)
    switch (this.#expected) {
      case 'chunk-end':
        this.#expected = 'chunk-line'
        return 'read'
      case 'chunk-line':
        return this.#chunkLine(line)
      default:
        return this.#trailer(line)
    }
  }

  #chunkLine(line: string): 'read' | 'invalid' {
    const size = CHUNK_LINE.exec(line)?.[1]
    if (size === undefined || !this.#isWithinOverhead(line.length - PLAIN_CHUNK_LINE))
      return 'invalid'
    this.#left = Number.parseInt(size, 16)
    this.#expected = this.#left === 0 ? 'trailers' : 'chunk-data'
    return 'read'
  }

  /** Trailers are read for their syntax and dropped: merged into the headers, they could replace checked ones. */
  #trailer(line: string): 'read' | 'end' | 'invalid' {
    if (line === '') {
      this.#expected = 'nothing'
      return 'end'
    }
    if (!this.#isWithinOverhead(line.length + CRLF.length)) return 'invalid'
    const bytes = Buffer.from(`${line}${CRLF}`, 'latin1')
    const section = readHeaderSection(bytes, line, 0)
    return section === undefined || isAboutMessage(section) ? 'invalid' : 'read'
  }

  #isWithinOverhead(bytes: number): boolean {
    if (bytes > 0) this.#overhead += bytes
    return this.#overhead <= MOST_OVERHEAD_BYTES
  }
}

/** RFC 9110 6.5.1: a trailer must not be about framing or about the connection. */
function isAboutMessage(section: HeaderSection): boolean {
  const { contentLengths, transferEncodings, connection } = section
  return contentLengths.length + transferEncodings.length + connection.length > 0
}

const FIRST: Record<Framing['kind'], Expected> = {
  none: 'nothing',
  length: 'data',
  chunked: 'chunk-line',
  'until-close': 'until-close',
}
