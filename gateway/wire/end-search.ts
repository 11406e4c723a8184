/** Searches for the end of a head or of a line. Each byte is searched once, however small the chunks are. */
import type { ByteQueue } from './byte-queue.ts'

/**
 * Bytes that no head or line contains: control characters, and line ends other than CRLF. RFC 9112 2.2 permits a
 * reader to accept LF alone as a line end. Not every reader does, so this one refuses it.
 */
const IMPOSSIBLE = /[^\t\r\n\x20-\x7e\x80-\xff]|\r[^\n]|(?:^|[^\r])\n/

export type EndProblem = 'syntax' | 'too-large'

export class EndSearch {
  readonly #queue: ByteQueue
  readonly #end: Buffer
  /** The number of bytes that are known not to contain the end. */
  #searched = 0

  constructor(queue: ByteQueue, end: string) {
    this.#queue = queue
    this.#end = Buffer.from(end, 'latin1')
  }

  /** To be called when the searched bytes have been read. */
  restart(): void {
    this.#searched = 0
  }

  /** @param most bytes, including the end. @returns the number of bytes before the end; undefined if more are needed. */
  next(most: number): number | EndProblem | undefined {
    const from = Math.max(0, this.#searched - this.#end.length + 1)
    const found = this.#queue.indexOf(this.#end, from)
    if (found >= 0 && found + this.#end.length <= most) {
      this.#searched = 0
      return found
    }
    const length = Math.min(this.#queue.length, most)
    if (!this.#isPossibleUntil(length)) return 'syntax'
    return length === most ? 'too-large' : undefined
  }

  #isPossibleUntil(length: number): boolean {
    // One byte is searched again: whether a CR or LF is valid depends on its neighbor.
    const from = Math.max(0, this.#searched - 1)
    const added = this.#queue.peekText(from, length - from)
    this.#searched = length
    // An LF that is searched again was valid.
    return !IMPOSSIBLE.test(from > 0 && added.startsWith('\n') ? added.slice(1) : added)
  }
}
