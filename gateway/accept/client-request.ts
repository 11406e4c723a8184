/** One request on a client's connection: its head, and its body for the code that reads it. */
import type { RequestHead } from '../admit/request-head.ts'
import type { LateBodyHandler, LingeringBytes } from './linger.ts'

export interface BodyHandler {
  onPiece(bytes: Buffer): void
  onEnd(): void
  /** The bytes are not a valid body. Nothing more is read. */
  onInvalid(): void
  /** The client has left before the body was complete. */
  onGone(): void
}

/** The connection as its request sees it. */
export interface BodySource {
  /** Continues to read, if the request wants more. */
  read(): void
  /** Tells the client to send the body (RFC 9110 10.1.1). */
  sendContinue(): void
  /** The bytes that arrive after the response that ends the connection. */
  readonly lingering: Pick<LingeringBytes, 'readFor'>
  /** Bytes that have arrived and are not read yet. */
  readonly waitingBytes: number
  readonly bytesRead: number
}

export class ClientRequest {
  readonly head: RequestHead
  /** Whether the body has been read to its end; true at once if there is none. */
  isComplete = false
  readonly #source: BodySource
  /** Whether the client waits for a 100 before it sends the body. */
  #awaitsContinue: boolean
  #handler: BodyHandler | undefined
  #isPaused = false

  constructor(head: RequestHead, awaitsContinue: boolean, source: BodySource) {
    this.head = head
    this.#awaitsContinue = awaitsContinue
    this.#source = source
  }

  /** The bytes received on this connection since it was opened. */
  get connectionBytesRead(): number {
    return this.#source.bytesRead
  }

  /** Bytes that have arrived and are not read yet. */
  get waitingBytes(): number {
    return this.#source.waitingBytes
  }

  /** Whether more of the body is wanted now. */
  get isReading(): boolean {
    return this.#handler !== undefined && !this.#isPaused && !this.isComplete
  }

  /**
   * Begins to read the body. A client that waits for a 100 gets it only now: its request has passed every check
   * of the head.
   */
  read(handler: BodyHandler): void {
    if (this.isComplete) {
      handler.onEnd()
      return
    }
    this.#handler = handler
    if (this.#awaitsContinue) this.#source.sendContinue()
    this.#awaitsContinue = false
    this.#source.read()
  }

  /** The client sends no body before it gets a 100, and after another response none at all. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue
  }

  /**
   * Reads a body of which nothing was read, after a response that ends the connection.
   * @param handler undefined to drop what comes from now on.
   */
  readLate(handler: LateBodyHandler | undefined): void {
    this.#source.lingering.readFor(handler)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.read()
  }

  /** Reads no more of the body. */
  stopReading(): void {
    this.#handler = undefined
  }

  /* The connection calls the next four. */
  piece(bytes: Buffer): void {
    this.#handler?.onPiece(bytes)
  }

  completed(): void {
    this.isComplete = true
    const handler = this.#handler
    this.#handler = undefined
    handler?.onEnd()
  }

  invalid(): void {
    const handler = this.#handler
    this.#handler = undefined
    handler?.onInvalid()
  }

  gone(): void {
    const handler = this.#handler
    this.#handler = undefined
    handler?.onGone()
  }
}
