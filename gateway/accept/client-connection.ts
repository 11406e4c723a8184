/**
 * One connection of a client: reads requests and writes their responses. A request is read only when the
 * response to the previous one is complete, so pipelined requests are served in order (RFC 9112 9.3.2) and
 * never at the same time.
 */
import type { Socket } from 'node:net'

import type { ConnectionHead } from '../admit/request-head.ts'
import type { Reason } from '../admit/reasons.ts'
import { looksLikeProxyHeader } from '../ip/proxy-protocol.ts'
import { RequestReader, type ReadRequest, type RequestEvent } from '../wire/request-reader.ts'
import { ClientRequest, type BodySource } from './client-request.ts'
import { ClientResponse, type ResponseOwner } from './client-response.ts'
import { LINGER_MS, LingeringBytes } from './linger.ts'
import { awaitsContinue, requestHeadOf } from './request-head.ts'

export interface ConnectionLimits {
  readonly headersTimeoutMs: number
  readonly maxHeaderBytes: number
  readonly keepAliveTimeoutMs: number
  readonly responseStallTimeoutMs: number
}

export interface ConnectionHandlers {
  /** Called for each request, since a reload may change the limits. */
  readonly limits: () => ConnectionLimits
  /** Whether the current response is the last one on its connection. */
  readonly isEnding: () => boolean
  readonly onRequest: (
    request: ClientRequest,
    response: ClientResponse,
    at: ClientConnection,
  ) => void
  /** No valid request arrived, or not in time. Nothing more is read. */
  readonly onUnreadable: (connection: ClientConnection, reason: Reason) => void
}

/** The most unread bytes while a request is served. */
const MOST_WAITING_BYTES = 65_536

export class ClientConnection implements BodySource, ResponseOwner {
  readonly socket: Socket
  readonly head: ConnectionHead
  /** The deadline for the client's next bytes, in monotonic ms; Infinity while a request is served. */
  deadlineMs: number
  readonly #handlers: ConnectionHandlers
  readonly #reader: RequestReader
  #request: ClientRequest | undefined
  #response: ClientResponse | undefined
  /** Whether the client keeps the connection after the current request, by its version and `Connection` header. */
  #clientKeepsConnection = false
  #isReading = false
  #isPaused = false
  #isClosing = false
  #isHalfClosed = false
  /** The chunk that is being read, to recognize another protocol if it is not HTTP. */
  #chunk: Buffer | undefined
  readonly lingering: LingeringBytes

  constructor(socket: Socket, head: ConnectionHead, handlers: ConnectionHandlers) {
    const { maxHeaderBytes, headersTimeoutMs } = handlers.limits()
    this.socket = socket
    this.head = head
    this.#handlers = handlers
    this.#reader = new RequestReader(maxHeaderBytes)
    this.lingering = new LingeringBytes(this.#reader)
    this.deadlineMs = performance.now() + headersTimeoutMs
    // The code that ends the connection reports the reason.
    socket.on('error', () => undefined)
    socket.on('data', this.#onData)
    socket.on('drain', () => this.#response?.watcher?.onResponseDrain?.())
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
  }

  /** Whether a request is being served. */
  get isServing(): boolean {
    return this.#request !== undefined
  }

  /** Whether a request has been served on it. */
  get hasServed(): boolean {
    return this.#request === undefined && this.#response !== undefined
  }

  /** Whether the connection is ending: bytes that still arrive are dropped without a response. */
  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Whether no byte of a request has arrived since the last response. */
  get isIdle(): boolean {
    return this.#request === undefined && this.waitingBytes === 0
  }

  /** Called when `deadlineMs` is over. */
  timedOut(): void {
    const isUnread = this.#request !== undefined
    if (this.#isClosing || isUnread || (this.isIdle && this.hasServed)) this.socket.destroy()
    else this.#handlers.onUnreadable(this, 'headers_timeout')
  }

  /** Closes the connection at once. */
  hangUp(): void {
    this.#isClosing = true
    this.deadlineMs = performance.now() + LINGER_MS
    this.socket.destroySoon()
  }

  /** Sends nothing more, and drops arriving bytes until the client has closed, too. */
  closeLingering(): void {
    if (this.socket.destroyed) return
    this.#isClosing = true
    this.deadlineMs = performance.now() + LINGER_MS
    this.socket.end()
    this.lingering.begin()
    if (this.#isHalfClosed) this.hangUp()
    else this.#resume()
  }

  /** The last response, for a problem of the connection or of its bytes. */
  lastResponse(): ClientResponse {
    this.#isClosing = true
    this.deadlineMs = performance.now() + LINGER_MS
    return new ClientResponse('', '1.1', this)
  }

  get waitingBytes(): number {
    return this.#reader.bytes.length
  }

  get bytesRead(): number {
    return this.socket.bytesRead
  }

  sendContinue(): void {
    this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  get mayKeepConnection(): boolean {
    const request = this.#request
    if (request?.isComplete !== true || !this.#clientKeepsConnection) return false
    // After a request to upgrade, the client may send bytes of the other protocol, which are not requests.
    if (request.head.isUpgrade) return false
    // A client that fills the buffer with requests before it reads a response is not served further.
    if (this.#handlers.isEnding() || this.#isPaused) return false
    return !this.#isHalfClosed || this.#reader.bytes.length > 0
  }

  get keepAliveSeconds(): number {
    return Math.floor(this.#handlers.limits().keepAliveTimeoutMs / 1000)
  }

  release(): Buffer {
    this.socket.off('data', this.#onData)
    this.#resume()
    return this.#reader.bytes.take()
  }

  responseUnread(): void {
    if (this.#request === undefined) return
    this.deadlineMs = performance.now() + this.#handlers.limits().responseStallTimeoutMs
  }

  responseEnded(): void {
    const [request, response] = [this.#request, this.#response]
    this.#request = undefined
    if (response?.keepsConnection === true && request?.isComplete === true) {
      const { keepAliveTimeoutMs, headersTimeoutMs } = this.#handlers.limits()
      this.deadlineMs = performance.now() + (this.isIdle ? keepAliveTimeoutMs : headersTimeoutMs)
      // In a later turn: a client that sends many requests together must not keep others waiting.
      if (!this.isIdle)
        setImmediate(() => {
          this.read()
        })
      else if (this.#isHalfClosed) this.closeLingering()
      else this.#adjustFlow()
    } else if (request?.isComplete === true && this.isIdle) this.hangUp()
    else this.closeLingering()
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isClosing) {
      if (!this.lingering.add(chunk)) this.socket.destroy()
      return
    }
    if (this.isIdle && this.hasServed) {
      this.deadlineMs = performance.now() + this.#handlers.limits().headersTimeoutMs
    }
    this.#reader.bytes.append(chunk)
    this.#chunk = chunk
    this.read()
    this.#chunk = undefined
  }

  read(): void {
    if (this.#isReading) return
    this.#isReading = true
    while (this.#wantsMore()) {
      const event = this.#reader.next()
      if (event === undefined) {
        if (this.#isHalfClosed) this.#cutShort()
        break
      }
      this.#take(event)
    }
    this.#isReading = false
    this.#adjustFlow()
  }

  #wantsMore(): boolean {
    if (this.#isClosing) return false
    return this.#request?.isReading ?? true
  }

  #take(event: RequestEvent): void {
    switch (event.kind) {
      case 'head':
        this.#begin(event.head)
        return
      case 'body':
        this.#request?.piece(event.bytes)
        return
      case 'end':
        this.#request?.completed()
        return
      case 'invalid':
        if (this.#request === undefined) this.#handlers.onUnreadable(this, this.#reasonOf(event))
        else this.#request.invalid()
    }
  }

  #reasonOf({ problem }: RequestEvent & { kind: 'invalid' }): Reason {
    if (problem === 'head-too-large') return 'headers_too_large'
    // The most common misconfiguration of a load balancer has a reason of its own.
    const isProxyHeader = this.#chunk !== undefined && looksLikeProxyHeader(this.#chunk)
    return isProxyHeader ? 'proxy_header_unexpected' : 'request_unparsable'
  }

  #begin(read: ReadRequest): void {
    this.deadlineMs = Infinity
    const head = requestHeadOf(read, this.head)
    const request = new ClientRequest(head, awaitsContinue(read), this)
    if (read.framing?.kind === 'none') {
      this.#reader.next()
      request.completed()
    }
    const response = new ClientResponse(read.method, read.httpVersion, this)
    this.#clientKeepsConnection = read.keepsConnection
    this.#request = request
    this.#response = response
    this.#handlers.onRequest(request, response, this)
  }

  /** RFC 9112 9.6: a client may close its sending side and still read, so a complete request is served. */
  readonly #onEnd = (): void => {
    this.#isHalfClosed = true
    if (this.#isClosing) this.hangUp()
    else if (this.#awaitsSwitch()) this.#cutShort()
    else this.read()
  }

  /** The client has ended its side before its request was complete. */
  #cutShort(): void {
    if (this.#request !== undefined) {
      this.#request.gone()
      this.socket.destroy()
    } else if (this.isIdle) this.hangUp()
    else this.#handlers.onUnreadable(this, 'request_unparsable')
  }

  /** A client that ends its side before the 101 response has given up. */
  #awaitsSwitch(): boolean {
    return this.#request?.head.isUpgrade === true && this.#response?.isStarted === false
  }

  readonly #onClose = (): void => {
    this.#isClosing = true
    this.deadlineMs = Infinity
    this.lingering.gone()
    this.#request?.gone()
    this.#response?.watcher?.onResponseClosed()
  }

  #adjustFlow(): void {
    if (this.#isClosing) return
    if (this.#isPaused) {
      if (this.#wantsMore()) this.#resume()
    } else if (!this.#wantsMore() && this.#reader.bytes.length >= MOST_WAITING_BYTES) {
      this.#isPaused = true
      this.socket.pause()
    }
  }

  #resume(): void {
    if (this.#isPaused) this.socket.resume()
    this.#isPaused = false
  }
}
