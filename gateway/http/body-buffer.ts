/**
 * A body as it comes in, in one piece of memory. A list of chunks would cost a hundred bytes for
 * each one-byte chunk of a chunked body; here memory follows the bytes, and is asked for first.
 */
export class BodyBuffer {
  readonly #reserve: (bytes: number) => boolean
  readonly #announcedBytes: number
  #memory: Buffer = Buffer.alloc(0)
  #length = 0

  /**
   * @param announcedBytes `Content-Length`, or 0.
   * @param reserve asked before memory is taken; false says there is none left.
   */
  constructor(announcedBytes: number, reserve: (bytes: number) => boolean) {
    this.#announcedBytes = announcedBytes
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

  /** Doubles, so that a body is copied twice at most; never beyond what was announced. */
  #grow(needed: number): boolean {
    const doubled = Math.max(needed, this.#memory.length * 2)
    const isAnnounced = needed <= this.#announcedBytes
    const size = isAnnounced ? Math.min(doubled, this.#announcedBytes) : doubled
    if (!this.#reserve(size - this.#memory.length)) return false
    const memory = Buffer.allocUnsafe(size)
    this.#memory.copy(memory, 0, 0, this.#length)
    this.#memory = memory
    return true
  }
}
