/**
 * Bytes that have arrived and are not read yet. In the usual case they are read as they arrive, and nothing is
 * copied. Otherwise they are collected in a buffer that doubles its size, so that a message that arrives byte by
 * byte takes linear time.
 */

const NONE = Buffer.alloc(0)
const SMALLEST_COPY_BYTES = 1024

export class ByteQueue {
  #bytes: Buffer = NONE
  #start = 0
  #end = 0
  /** Whether `#bytes` was allocated here, and may be written to after `#end`. */
  #isOwned = false

  get length(): number {
    return this.#end - this.#start
  }

  append(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#bytes = chunk
      this.#start = 0
      this.#end = chunk.length
      this.#isOwned = false
      return
    }
    if (!this.#isOwned || this.#end + chunk.length > this.#bytes.length) this.#move(chunk.length)
    chunk.copy(this.#bytes, this.#end)
    this.#end += chunk.length
  }

  #move(more: number): void {
    const capacity = Math.max(2 * (this.length + more), SMALLEST_COPY_BYTES)
    const bytes = Buffer.allocUnsafe(capacity)
    this.#bytes.copy(bytes, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#bytes = bytes
    this.#isOwned = true
  }

  /** @returns the offset of `wanted` from the first unread byte; -1 if it is not there. */
  indexOf(wanted: Buffer, from: number): number {
    // The search must not visit the unused part of a growing buffer.
    const bytes = this.#isOwned ? this.#bytes.subarray(0, this.#end) : this.#bytes
    const found = bytes.indexOf(wanted, this.#start + from)
    return found < 0 ? -1 : found - this.#start
  }

  /** The first unread byte; undefined if there is none. */
  first(): number | undefined {
    return this.length === 0 ? undefined : this.#bytes[this.#start]
  }

  /** Up to `length` bytes as latin1 text, without reading them. */
  peekText(from: number, length: number): string {
    const start = this.#start + from
    return this.#bytes.toString('latin1', start, Math.min(start + length, this.#end))
  }

  skip(length: number): void {
    this.#start += length
    if (this.#start >= this.#end) this.#release()
  }

  /** Reads the next bytes, at most `most`. They share memory with the chunk in which they arrived. */
  take(most = this.length): Buffer {
    const start = this.#start
    const end = Math.min(start + most, this.#end)
    const taken =
      start === 0 && end === this.#bytes.length ? this.#bytes : this.#bytes.subarray(start, end)
    this.skip(end - start)
    return taken
  }

  /** Frees the memory of bytes that were read. */
  #release(): void {
    this.#bytes = NONE
    this.#start = 0
    this.#end = 0
    this.#isOwned = false
  }
}
