/**
 * A body as it comes in, in one piece of memory. A list of chunks would cost a hundred bytes for
 * each one-byte chunk of a chunked body; here memory follows the bytes, and is asked for first.
 */
export class BodyBuffer {
  readonly #reserve: (bytes: number) => boolean
  readonly #mostBytes: number
  #memory: Buffer = Buffer.alloc(0)
  #length = 0

  /**
   * @param mostBytes what it will come to at most: `Content-Length`, or the limit.
   * @param reserve asked before memory is taken; false says there is none left.
   */
  constructor(mostBytes: number, reserve: (bytes: number) => boolean) {
    this.#mostBytes = mostBytes
    this.#reserve = reserve
  }

  get length(): number {
    return this.#length
  }

  /** @returns false if there is no memory left for it. */
  append(chunk: Buffer): boolean {
    const length = this.#length + chunk.length
    if (this.#length === 0) {
      // Most bodies come in one piece, which is kept as it is.
      if (!this.#reserve(chunk.length)) return false
      this.#memory = chunk
    } else {
      if (length > this.#memory.length && !this.#grow(length)) return false
      chunk.copy(this.#memory, this.#length)
    }
    this.#length = length
    return true
  }

  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** Doubles, so that a body is copied twice at most. */
  #grow(needed: number): boolean {
    const doubled = Math.max(needed, this.#memory.length * 2)
    const size = Math.min(doubled, this.#mostBytes)
    if (!this.#reserve(size - this.#memory.length)) return false
    const memory = Buffer.allocUnsafe(size)
    this.#memory.copy(memory, 0, 0, this.#length)
    this.#memory = memory
    return true
  }
}
