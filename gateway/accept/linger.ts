/**
 * How long, and how much, a closing connection is still read. If it is closed with unread bytes, TCP sends a
 * reset, and the client's system then drops a response that the client has not read yet (RFC 9112 9.6).
 */
import type { RequestReader } from '../wire/request-reader.ts'

export const LINGER_MS = 2000

const MOST_DROPPED_BYTES = 16_777_216

/**
 * Gets the body of a request whose response has been sent, while the connection is being closed. The connection
 * is closed neither earlier nor later for it.
 */
export interface LateBodyHandler {
  onPiece(bytes: Buffer): void
  onEnd(): void
  /** The body will not be complete: it is no valid body, or the connection has closed. */
  onGone(): void
}

/** The bytes that a client sends while its connection is closing. */
export class LingeringBytes {
  readonly #reader: RequestReader
  #count = 0
  #hasBegun = false
  #handler: LateBodyHandler | undefined

  /** @param reader has read the headers of the request, and nothing of its body. */
  constructor(reader: RequestReader) {
    this.#reader = reader
  }

  /** @returns false if there are too many to wait any longer. */
  add(chunk: Buffer): boolean {
    this.#count += chunk.length
    if (this.#count > MOST_DROPPED_BYTES) return false
    if (this.#handler === undefined) return true
    this.#reader.bytes.append(chunk)
    this.#read()
    return true
  }

  /** Instead of dropping the bytes. @param handler undefined to drop them from now on. */
  readFor(handler: LateBodyHandler | undefined): void {
    this.#handler = handler
    if (this.#hasBegun) this.#read()
  }

  /** The response has been sent. */
  begin(): void {
    this.#hasBegun = true
    this.#read()
  }

  #read(): void {
    while (this.#handler !== undefined) {
      const event = this.#reader.next()
      if (event === undefined) return
      if (event.kind === 'body') this.#handler.onPiece(event.bytes)
      else if (event.kind === 'end') this.#release()?.onEnd()
      else this.gone()
    }
  }

  /** Nothing more comes. */
  gone(): void {
    this.#release()?.onGone()
  }

  #release(): LateBodyHandler | undefined {
    const handler = this.#handler
    this.#handler = undefined
    return handler
  }
}
