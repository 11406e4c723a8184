/** Finds the start line and header section of a message, up to the empty line that ends them (RFC 9112 2.1). */
import type { ByteQueue } from './byte-queue.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
const CR = 0x0d

/**
 * What no head contains: control characters, and ends of lines other than CRLF. RFC 9112 2.2 lets a
 * reader take LF alone for one; not every reader does, so this one refuses it.
 */
const IMPOSSIBLE = /[^\t\r\n\x20-\x7e\x80-\xff]|\r[^\n]|(?:^|[^\r])\n/

export type HeadProblem = 'syntax' | 'head-too-large'

export interface HeadOptions {
  /** Longest head, with the empty line at its end. */
  readonly maxBytes: number
  /** Checked as soon as the line is complete: what speaks another protocol is not waited for. */
  readonly startLine: RegExp
  /** Empty lines before the start line that are ignored (RFC 9112 2.2). */
  readonly emptyLines: number
}

export class HeadReader {
  readonly #queue: ByteQueue
  readonly #options: HeadOptions
  #emptyLines = 0
  /** Bytes that are known not to contain the end. */
  #searched = 0
  #isStartLineRead = false

  constructor(queue: ByteQueue, options: HeadOptions) {
    this.#queue = queue
    this.#options = options
  }

  /** @returns start line and header lines, each with its CRLF; undefined if more bytes are needed. */
  next(): Buffer | HeadProblem | undefined {
    const problem = this.#skipEmptyLines()
    if (problem !== undefined) return problem
    const { maxBytes } = this.#options
    const length = this.#queue.indexOf(HEAD_END, Math.max(0, this.#searched - HEAD_END.length + 1))
    if (length < 0) {
      return this.#queue.length > maxBytes ? 'head-too-large' : this.#problemSoFar()
    }
    if (length + HEAD_END.length > maxBytes) return 'head-too-large'
    const lines = this.#queue.take(length + 2)
    this.#queue.skip(2)
    this.#emptyLines = 0
    this.#searched = 0
    this.#isStartLineRead = false
    return lines
  }

  #skipEmptyLines(): HeadProblem | undefined {
    while (this.#queue.first() === CR && this.#queue.length >= 2) {
      if (this.#emptyLines === this.#options.emptyLines) return 'syntax'
      if (this.#queue.peekText(0, 2) !== '\r\n') return 'syntax'
      this.#queue.skip(2)
      this.#emptyLines += 1
    }
    return undefined
  }

  /** Looks at each byte once, however small the pieces are that they come in. */
  #problemSoFar(): HeadProblem | undefined {
    const { length } = this.#queue
    // One byte again: whether a CR or LF is right depends on its neighbor.
    const from = Math.max(0, this.#searched - 1)
    const added = this.#queue.peekText(from, length - from)
    this.#searched = length
    // An LF that is looked at again was found to be right.
    if (IMPOSSIBLE.test(from > 0 && added.startsWith('\n') ? added.slice(1) : added))
      return 'syntax'
    if (this.#isStartLineRead || !added.includes('\n')) return undefined
    this.#isStartLineRead = true
    const [startLine = ''] = this.#queue.peekText(0, length).split('\r\n', 1)
    return this.#options.startLine.test(startLine) ? undefined : 'syntax'
  }
}
