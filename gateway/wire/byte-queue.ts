/**
 * Bytes that have arrived and are not read yet. While everything is read as it comes, which is the usual
 * case, nothing is copied. Otherwise they are put together in a buffer that doubles, so that a message
 * that comes byte by byte costs no more than linear time.
 */

const NONE = Buffer.alloc(0)
const SMALLEST_COPY_BYTES = 1024

export class ByteQueue {
  #bytes: Buffer = NONE
  #start = 0
  #end = 0
  /** `#bytes` was allocated here, and may be written to behind `#end`. */
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

  /** @returns where `wanted` begins, counted from the first unread byte; -1 if it is not there. */
  indexOf(wanted: Buffer, from: number): number {
    // Behind the end of a buffer that is filled bit by bit there is nothing to find, and much to look at.
    const bytes = this.#isOwned ? this.#bytes.subarray(0, this.#end) : this.#bytes
    const found = bytes.indexOf(wanted, this.#start + from)
    return found < 0 ? -1 : found - this.#start
  }

  /** The first unread byte; undefined if there is none. */
  first(): number | undefined {
    return this.length === 0 ? undefined : this.#bytes[this.#start]
  }

  /** Up to `length` bytes as latin1 text; they stay unread. */
  peekText(from: number, length: number): string {
    const start = this.#start + from
    return this.#bytes.toString('latin1', start, Math.min(start + length, this.#end))
  }

  skip(length: number): void {
    this.#start += length
    if (this.#start >= this.#end) this.#release()
  }

  /** The next bytes, at most `most`. They share memory with the chunk that they came in. */
  take(most = this.length): Buffer {
    const start = this.#start
    const end = Math.min(start + most, this.#end)
    const taken =
      start === 0 && end === this.#bytes.length ? this.#bytes : this.#bytes.subarray(start, end)
    this.skip(end - start)
    return taken
  }

  /** Nothing that was read is kept in memory. */
  #release(): void {
    this.#bytes = NONE
    this.#start = 0
    this.#end = 0
    this.#isOwned = false
  }
}
