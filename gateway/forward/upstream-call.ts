/** One request to the app, and the handler of its response. */
import type { Socket } from 'node:net'

import type { GatewayFault } from '../admit/faults.ts'
import type { ReadResponse } from '../wire/response-reader.ts'

export interface UpstreamRequest {
  readonly method: string
  /** Request line and headers, with the empty line at their end. */
  readonly head: string
  /** The whole body in pieces; `streamed` if it is written as it arrives. */
  readonly body: readonly Uint8Array[] | 'streamed'
  /** The app may switch to another protocol (RFC 9110 7.8). */
  readonly mayUpgrade: boolean
  /** A GET or HEAD may be sent twice (RFC 9110 9.2.2), except to a durable endpoint, where each starts a run or a step. */
  readonly mayRepeat: boolean
}

/** Called in this order. `onFault` may be called at any time and is the last. None may throw. */
export interface UpstreamHandler {
  /** The call has a connection: a streamed body may be written. */
  readonly onConnected?: (call: UpstreamCall) => void
  /** The operating system has taken the body. */
  readonly onSent?: () => void
  /** More of the streamed body may be written. */
  readonly onDrain?: () => void
  readonly onResponse: (head: ReadResponse, call: UpstreamCall) => void
  readonly onPiece: (bytes: Buffer) => void
  /** Nothing more has arrived for now. */
  readonly onPause: () => void
  readonly onEnd: () => void
  /** In place of all events after `onResponse`. @param first the first bytes of the other protocol. */
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

/** RFC 9110 9.2.2: repeating these has no further effect. Here they must have no body. */
const REPEATABLE = new Set(['GET', 'HEAD'])

const NO_PIECES: readonly Uint8Array[] = []

export class UpstreamCall {
  readonly method: string
  readonly head: string
  readonly mayUpgrade: boolean
  readonly handler: UpstreamHandler
  /** Whether it may be sent again if the first request may have been lost. */
  readonly isRepeatable: boolean
  /** Whether it was sent again, on a new connection. */
  isRetried = false
  /** Whether the call has ended and its response is not wanted any more. */
  isAborted = false
  /** Whether bytes of the request may have reached the app. */
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

  /** @returns the body to send. The call does not keep it, because the app may work for two hours. */
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

  /** Writes a part of a streamed body. @returns false if the app reads no more for now; `onDrain` follows. */
  write(bytes: Uint8Array | string): boolean {
    return this.#connection?.write(bytes) ?? true
  }

  /** The streamed body is complete. */
  bodyEnded(): void {
    this.#connection?.bodyEnded()
  }

  /** Stops reading the response. */
  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.#connection?.read()
  }

  /** Closes the connection of the call. No handler is called any more. */
  abort(): void {
    if (this.isAborted) return
    this.isAborted = true
    this.#stopConnecting?.()
    this.#connection?.destroy()
  }

  /** To be called when the response is complete, or will never be. */
  ended(): void {
    this.isAborted = true
    this.#connection = undefined
  }
}
