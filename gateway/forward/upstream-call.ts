/** One request to the app, and who gets the response. */
import type { Socket } from 'node:net'

import type { GatewayFault } from '../admit/faults.ts'
import type { ReadResponse } from '../wire/response-reader.ts'

export interface UpstreamRequest {
  readonly method: string
  /** Request line and headers, with the empty line at their end. */
  readonly head: string
  /** The whole body in pieces; `streamed` if it is written piece by piece, as it comes. */
  readonly body: readonly Uint8Array[] | 'streamed'
  /** The app may switch to another protocol (RFC 9110 7.8). */
  readonly mayUpgrade: boolean
  /** A GET or HEAD may be sent twice (RFC 9110 9.2.2). Not to a durable endpoint: each starts a run, or a step. */
  readonly mayRepeat: boolean
}

/** Called in this order; `onFault` may come at any time and is the last. None may throw. */
export interface UpstreamHandler {
  /** There is a connection: a streamed body may be written. */
  readonly onConnected?: (call: UpstreamCall) => void
  /** The body is in the hands of the operating system. */
  readonly onSent?: () => void
  /** The streamed body may go on. */
  readonly onDrain?: () => void
  readonly onResponse: (head: ReadResponse, call: UpstreamCall) => void
  readonly onPiece: (bytes: Buffer) => void
  /** Nothing more has arrived for now. */
  readonly onPause: () => void
  readonly onEnd: () => void
  /** Instead of all after `onResponse`. @param first what has arrived of the other protocol. */
  readonly onSwitched?: (socket: Socket, first: Buffer) => void
  readonly onFault: (fault: GatewayFault) => void
}

/** The connection as its call sees it. */
export interface CallConnection {
  readonly write: (bytes: Uint8Array | string) => boolean
  readonly bodyEnded: () => void
  readonly read: () => void
  readonly destroy: () => void
}

/** RFC 9110 9.2.2: to repeat these changes nothing. They must have no body here. */
const REPEATABLE = new Set(['GET', 'HEAD'])

const NO_PIECES: readonly Uint8Array[] = []

export class UpstreamCall {
  readonly method: string
  readonly head: string
  readonly mayUpgrade: boolean
  readonly handler: UpstreamHandler
  /** It may be sent a second time if the first may have been lost. */
  readonly isRepeatable: boolean
  /** It was sent again once, on a connection of its own. */
  isRetried = false
  /** No response is waited for any more. */
  isAborted = false
  /** Bytes of the request may have reached the app. */
  isSent = false
  isPaused = false
  #body: UpstreamRequest['body']
  #connection: CallConnection | undefined
  #stopConnecting: (() => void) | undefined

  constructor(
    { method, head, body, mayUpgrade, mayRepeat }: UpstreamRequest,
    handler: UpstreamHandler,
  ) {
    this.method = method
    this.head = head
    this.mayUpgrade = mayUpgrade
    this.#body = body
    this.handler = handler
    this.isRepeatable = mayRepeat && REPEATABLE.has(method) && body.length === 0
  }

  /** To be sent. It is not kept: the app may work for two hours. */
  takeBody(): UpstreamRequest['body'] {
    const body = this.#body
    if (body !== 'streamed') this.#body = NO_PIECES
    return body
  }

  /** Called when a connection is opened for the call. @param stop ends the attempt. */
  connecting(stop: () => void): void {
    this.#stopConnecting = stop
  }

  /** Called when a connection takes the call. */
  connected(connection: CallConnection): void {
    this.#stopConnecting = undefined
    this.#connection = connection
    this.isSent = true
    this.handler.onConnected?.(this)
  }

  /** Part of a streamed body. @returns false if the app takes no more for now; `onDrain` follows. */
  write(bytes: Uint8Array | string): boolean {
    return this.#connection?.write(bytes) ?? true
  }

  /** The streamed body is complete. */
  bodyEnded(): void {
    this.#connection?.bodyEnded()
  }

  /** Takes no more of the response. */
  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.#connection?.read()
  }

  /** Ends the connection of the call; nothing is called any more. */
  abort(): void {
    if (this.isAborted) return
    this.isAborted = true
    this.#stopConnecting?.()
    this.#connection?.destroy()
  }

  /** The response is complete, or will not be. */
  ended(): void {
    this.isAborted = true
    this.#connection = undefined
  }
}
