/** Finds the start line and header section of a message, up to the empty line that ends them (RFC 9112 2.1). */
import type { ByteQueue } from './byte-queue.ts'
import { EndSearch } from './end-search.ts'

const CR = 0x0d

export type HeadProblem = 'syntax' | 'head-too-large'

export interface HeadOptions {
  /** The longest head, including the empty line at its end. */
  readonly maxBytes: number
  /** Checked as soon as the line is complete, so that another protocol is noticed early. */
  readonly startLine: RegExp
  /** Empty lines before the start line that are ignored (RFC 9112 2.2). */
  readonly emptyLines: number
}

export class HeadReader {
  readonly #queue: ByteQueue
  readonly #options: HeadOptions
  readonly #head: EndSearch
  readonly #startLine: EndSearch
  #emptyLines = 0
  #isStartLineRead = false

  constructor(queue: ByteQueue, options: HeadOptions) {
    this.#queue = queue
    this.#options = options
    this.#head = new EndSearch(queue, '\r\n\r\n')
    this.#startLine = new EndSearch(queue, '\r\n')
  }

  /** @returns start line and header lines, each with its CRLF; undefined if more bytes are needed. */
  next(): Buffer | HeadProblem | undefined {
    if (this.#queue.length === 0) return undefined
    const problem = this.#skipEmptyLines()
    if (problem !== undefined) return problem
    const length = this.#head.next(this.#options.maxBytes)
    if (typeof length !== 'number') {
      if (length === 'syntax' || !this.#isStartLinePossible()) return 'syntax'
      return length === undefined ? undefined : 'head-too-large'
    }
    const lines = this.#queue.take(length + 2)
    this.#queue.skip(2)
    this.#startLine.restart()
    this.#emptyLines = 0
    this.#isStartLineRead = false
    return lines
  }

  #skipEmptyLines(): HeadProblem | undefined {
    while (this.#queue.first() === CR && this.#queue.length >= 2) {
      if (this.#emptyLines === this.#options.emptyLines) return 'syntax'
      if (this.#queue.peekText(0, 2) !== '\r\n') return 'syntax'
      this.#queue.skip(2)
      this.#head.restart()
      this.#startLine.restart()
      this.#emptyLines += 1
    }
    return undefined
  }

  #isStartLinePossible(): boolean {
    if (this.#isStartLineRead) return true
    const length = this.#startLine.next(this.#options.maxBytes)
    if (typeof length !== 'number') return true
    this.#isStartLineRead = true
    return this.#options.startLine.test(this.#queue.peekText(0, length))
  }
}
