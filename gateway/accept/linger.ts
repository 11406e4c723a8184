/**
 * How long a connection that is being closed is still read from, and how much. Closed with bytes unread, TCP
 * sends a reset, which makes the client's system drop a response that it has not read yet (RFC 9112 9.6).
 */
export const LINGER_MS = 2000

const MOST_DROPPED_BYTES = 16_777_216

/** What a client sends although its connection is being closed. */
export class DroppedBytes {
  #count = 0

  /** @returns false if that is too much to wait for the client any longer. */
  add(bytes: number): boolean {
    this.#count += bytes
    return this.#count <= MOST_DROPPED_BYTES
  }
}
