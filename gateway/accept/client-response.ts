/**
 * The response to one request, written to the client's connection with a framing that the client
 * understands (RFC 9112 6). A small response takes a single write.
 */
import { STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import type { Framing } from '../wire/framing.ts'
import { chunkStart, LAST_CHUNK, writeHead } from '../wire/write-message.ts'
import { dateHeader } from './date-header.ts'

/** The events of a response. */
export interface ResponseWatcher {
  /** The client reads again. */
  onResponseDrain?(): void
  /** The operating system has taken all of it. The last event. */
  onResponseSent?(): void
  /** The connection has closed before `onResponseSent`. */
  onResponseClosed(): void
}

export interface ResponseOwner {
  readonly socket: Socket
  /** Whether another request may follow on the connection; read when the head is written. */
  readonly mayKeepConnection: boolean
  /** The value for the `Keep-Alive` header, in seconds. */
  readonly keepAliveSeconds: number
  /** Gives the connection to another protocol. @returns the bytes of it that have arrived. */
  release(): Buffer
  /** The response is complete but not sent, and nothing else watches whether the client reads it. */
  responseUnread(): void
  /** The response has been sent to its end. */
  responseEnded(): void
}

/** A head and a first piece up to this size are copied into one buffer: a second write costs more. */
const MOST_COPIED_BYTES = 16_384

const EMPTY = Buffer.alloc(0)

export class ClientResponse {
  status: number | undefined
  /** Whether another request may follow on the connection. */
  keepsConnection = false
  watcher: ResponseWatcher | undefined
  readonly #owner: ResponseOwner
  readonly #socket: Socket
  readonly #httpVersion: string
  readonly #isHead: boolean
  /** The head, while it waits for the first piece of the body. */
  #held: string | undefined
  #framing: Framing['kind'] = 'none'
  #isCorked = false
  #isEnded = false
  #isFlushed = false

  constructor(method: string, httpVersion: string, owner: ResponseOwner) {
    this.#owner = owner
    this.#socket = owner.socket
    this.#httpVersion = httpVersion
    this.#isHead = method === 'HEAD'
  }

  /** Whether a part of it may have been sent. */
  get isStarted(): boolean {
    return this.status !== undefined && this.#held === undefined
  }

  /** Whether the operating system has taken all of it. */
  get isFlushed(): boolean {
    return this.#isFlushed
  }

  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  /** The bytes that are written and not sent, because the client does not read. */
  get waitingBytes(): number {
    return this.#socket.writableLength
  }

  /** The bytes sent on this connection since it was opened. */
  get connectionBytesSent(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  /**
   * Holds the head until the first piece of the body, or `flush`.
   * @param headers name, value …; of the framing headers only `Content-Length`.
   * @param framing of the body in the app's response; it is changed if the client does not understand it.
   */
  start(status: number, headers: readonly string[], framing: Framing): void {
    this.status = status
    const isFramed = framing.kind === 'length' || framing.kind === 'none'
    this.#framing = isFramed
      ? framing.kind
      : this.#httpVersion === '1.1'
        ? 'chunked'
        : 'until-close'
    this.keepsConnection = this.#framing !== 'until-close' && this.#owner.mayKeepConnection
    const all = [...headers, ...dateHeader(headers)]
    // RFC 9112 6.1: HTTP/1.0 has no chunks, so the end of the connection ends the body.
    if (this.#framing === 'chunked' && !this.#isHead) all.push('Transfer-Encoding', 'chunked')
    if (this.keepsConnection) {
      all.push('Connection', 'keep-alive')
      all.push('Keep-Alive', `timeout=${String(this.#owner.keepAliveSeconds)}`)
    } else all.push('Connection', 'close')
    this.#held = writeHead(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`, all)
  }

  /** @returns false if the client reads no more for now; `onResponseDrain` follows. */
  write(piece: Buffer): boolean {
    if (this.#isHead || piece.length === 0) return true
    const head = this.#takeHeld()
    if (this.#framing !== 'chunked') return this.#send(head, piece)
    this.#cork()
    this.#send(head + chunkStart(piece.length), piece)
    return this.#socket.write('\r\n', 'latin1')
  }

  /** Sends a held head, because no piece of the body comes for now. */
  flush(): void {
    const head = this.#takeHeld()
    if (head !== '') this.#socket.write(head, 'latin1')
    this.#uncork()
  }

  /** The response is complete. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const last = this.#framing === 'chunked' && !this.#isHead ? LAST_CHUNK : ''
    const rest = this.#takeHeld() + last
    if (rest !== '') this.#socket.write(rest, 'latin1')
    this.#uncork()
    if (this.#socket.writableLength === 0) this.#flushed()
    else {
      // Without a watcher the exchange has ended, and exchange/stall-watch.ts does not watch it any more.
      if (this.watcher === undefined) this.#owner.responseUnread()
      this.#socket.write(EMPTY, () => {
        this.#flushed()
      })
    }
  }

  /** Sends a 101 (RFC 9110 7.8). @returns the connection, and the bytes of the other protocol that have arrived. */
  switchProtocols(headers: readonly string[]): { readonly socket: Socket; readonly first: Buffer } {
    this.status = 101
    this.watcher = undefined
    const socket = this.#socket
    socket.write(writeHead('HTTP/1.1 101 Switching Protocols', headers), 'latin1')
    return { socket, first: this.#owner.release() }
  }

  /**
   * Ends a response that has begun and will not be complete, so that it does not look complete. With a length or
   * in chunks, closing the connection suffices. Without either, only a reset does (RFC 9112 8), and over TLS the
   * missing close_notify.
   */
  cut(): void {
    this.flush()
    const isPlain = !(this.#socket instanceof TLSSocket)
    if (isPlain && this.#framing === 'until-close') this.#socket.resetAndDestroy()
    this.#socket.destroy()
  }

  #takeHeld(): string {
    const held = this.#held ?? ''
    this.#held = undefined
    return held
  }

  #send(head: string, piece: Buffer): boolean {
    if (head === '') return this.#socket.write(piece)
    if (piece.length > MOST_COPIED_BYTES) {
      this.#cork()
      this.#socket.write(head, 'latin1')
      return this.#socket.write(piece)
    }
    const whole = Buffer.allocUnsafe(head.length + piece.length)
    whole.write(head, 'latin1')
    piece.copy(whole, head.length)
    return this.#socket.write(whole)
  }

  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#socket.cork()
  }

  #uncork(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#socket.uncork()
  }

  #flushed(): void {
    if (this.#socket.destroyed) return
    this.#isFlushed = true
    // An idle connection must not keep the memory of its last exchange.
    const { watcher } = this
    this.watcher = undefined
    this.#owner.responseEnded()
    watcher?.onResponseSent?.()
  }
}
