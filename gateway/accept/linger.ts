/**
 * How long, and how much, a closing connection is still read. If it is closed with unread bytes, TCP sends a
 * reset, and the client's system then drops a response that the client has not read yet (RFC 9112 9.6).
 */
export const LINGER_MS = 2000

const MOST_DROPPED_BYTES = 16_777_216

/** Counts the bytes that arrive while a connection is closing. */
export class DroppedBytes {
  #count = 0

  /** @returns false if there are too many to wait any longer. */
  add(bytes: number): boolean {
    this.#count += bytes
    return this.#count <= MOST_DROPPED_BYTES
  }
}
