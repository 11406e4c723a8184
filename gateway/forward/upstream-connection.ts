/** One connection to an app: requests out and their responses in, one at a time. */
import type { Socket } from 'node:net'

import type { Listed } from '../accept/open-list.ts'
import { GatewayFault, type FaultCode } from '../admit/faults.ts'
import { memoized } from '../admit/memoized.ts'
import { fieldValues } from '../admit/request-head.ts'
import { ResponseReader, type ReadResponse, type ResponseProblem } from '../wire/response-reader.ts'
import type { CallConnection, UpstreamCall } from './upstream-call.ts'

export interface ConnectionOwner {
  /** The connection is ready for another call. */
  readonly onIdle: (connection: UpstreamConnection) => void
  readonly onClosed: (connection: UpstreamConnection) => void
  /** The call received no byte of a response and may be sent again. */
  readonly onRetry: (call: UpstreamCall) => void
  /** Bytes have arrived that belong to no response. */
  readonly onUnexpectedBytes: () => void
}

/** A head and a body up to this size are copied into one buffer: a second write costs more. */
const MOST_COPIED_BYTES = 16_384

const NOTHING = Buffer.alloc(0)

const FAULTS: Record<ResponseProblem, FaultCode> = {
  'not-http': 'upstream_protocol',
  'head-too-large': 'upstream_headers_too_large',
  'header-syntax': 'upstream_header_malformed',
  framing: 'upstream_framing_ambiguous',
  body: 'upstream_body_malformed',
  'too-many-interim': 'upstream_too_many_interim',
}

export class UpstreamConnection implements Listed, CallConnection {
  place: number | undefined
  /** Whether bytes were sent or received since the pool's last check. */
  isActive = true
  /** When it was last active, in monotonic ms; kept by the pool. */
  activeMs = 0
  /** How long the app keeps an idle connection open, if its response says so. */
  keepAliveMs: number | undefined
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader: ResponseReader
  #call: UpstreamCall | undefined
  #response: ReadResponse | undefined
  #isUsed = false
  #isReused = false
  #hasReceived = false
  #isBodySent = false
  /** The app sends nothing more: it has ended its side, or the connection broke. */
  #ended: 'properly' | 'broken' | undefined
  #error: Error | undefined

  /** @param socket connected, with TLS if that is needed. */
  constructor(socket: Socket, maxHeadBytes: number, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    this.#reader = new ResponseReader(maxHeadBytes)
    socket.on('data', this.#onData)
    socket.on('drain', () => this.#call?.handler.onDrain?.())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
  }

  get call(): UpstreamCall | undefined {
    return this.#call
  }

  /** Whether another request may be sent on it. */
  get isUsable(): boolean {
    return !this.#socket.destroyed && this.#ended === undefined
  }

  send(call: UpstreamCall): void {
    this.#call = call
    this.#response = undefined
    this.#isReused = this.#isUsed
    this.#isUsed = true
    this.#hasReceived = false
    this.#isBodySent = false
    this.isActive = true
    const { method, head } = call
    const body = call.takeBody()
    this.#reader.expect(method)
    if (body === 'streamed') this.#beginStream(head)
    else this.#sendWhole(head, body)
    call.connected(this)
  }

  /** The body mostly follows in the same turn of the event loop, and then leaves in one write with the head. */
  #beginStream(head: string): void {
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    process.nextTick(() => {
      this.#socket.uncork()
    })
  }

  #sendWhole(head: string, body: readonly Uint8Array[]): void {
    const [first] = body
    if (first === undefined) this.#socket.write(head, 'latin1')
    else if (body.length === 1 && first.byteLength <= MOST_COPIED_BYTES) {
      const whole = Buffer.allocUnsafe(head.length + first.byteLength)
      whole.write(head, 'latin1')
      whole.set(first, head.length)
      this.#socket.write(whole)
    } else {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      for (const piece of body) this.#socket.write(piece)
      this.#socket.uncork()
    }
    if (this.#socket.writableLength === 0) this.#sent()
    else {
      this.#socket.write(NOTHING, () => {
        this.#sent()
      })
    }
  }

  #sent(): void {
    this.#isBodySent = true
    this.#call?.handler.onSent?.()
  }

  write(bytes: Uint8Array | string): boolean {
    this.isActive = true
    return typeof bytes === 'string'
      ? this.#socket.write(bytes, 'latin1')
      : this.#socket.write(bytes)
  }

  bodyEnded(): void {
    this.#isBodySent = true
  }

  /** The handler of its call is not called any more. */
  destroy(): void {
    this.#call = undefined
    this.#socket.destroy()
  }

  /** Handles the bytes that have arrived, until the call pauses or more bytes are needed. */
  read(): void {
    while (this.#call !== undefined && !this.#call.isPaused) {
      const event = this.#reader.next()
      if (event === undefined) break
      switch (event.kind) {
        case 'head':
          this.#begin(this.#call, event.head)
          break
        case 'body':
          this.#call.handler.onPiece(event.bytes)
          break
        case 'end':
          this.#finish(this.#call)
          return
        case 'invalid':
          this.#fail(FAULTS[event.problem])
          return
      }
    }
    // If nothing more comes, a fault can still replace a head that was not sent yet.
    if (this.#ended !== undefined && this.#call?.isPaused === false) {
      this.#conclude()
      return
    }
    this.#call?.handler.onPause()
    this.#adjustFlow()
  }

  #adjustFlow(): void {
    if (this.#call?.isPaused === true) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.isActive = true
    if (this.#call === undefined) {
      this.#owner.onUnexpectedBytes()
      this.destroy()
      return
    }
    this.#hasReceived = true
    this.#reader.bytes.append(chunk)
    this.read()
  }

  #begin(call: UpstreamCall, head: ReadResponse): void {
    this.#response = head
    if (head.status !== 101) {
      call.handler.onResponse(head, call)
      return
    }
    if (!call.mayUpgrade) {
      this.#fail('upstream_upgrade_unexpected')
      return
    }
    call.handler.onResponse(head, call)
    this.#call = undefined
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    this.#owner.onClosed(this)
    call.handler.onSwitched?.(this.#socket, this.#reader.bytes.take())
  }

  #finish(call: UpstreamCall): void {
    const response = this.#response
    this.#call = undefined
    call.ended()
    // A paused call must not leave its connection paused.
    this.#adjustFlow()
    if (this.#reader.bytes.length > 0) {
      // RFC 9112 6.3: these bytes are not a response to any request.
      this.#owner.onUnexpectedBytes()
      this.destroy()
    } else if (response?.keepsConnection === true && this.#isBodySent && this.isUsable) {
      this.keepAliveMs = promisedKeepAlive(response)
      this.#owner.onIdle(this)
    } else this.destroy()
    call.handler.onEnd()
  }

  readonly #onEnd = (): void => {
    this.#ended = 'properly'
    if (this.#call?.isPaused === true) return
    this.#conclude()
    this.destroy()
  }

  readonly #onClose = (): void => {
    this.#ended ??= 'broken'
    this.#owner.onClosed(this)
    // The part of the response that has arrived is still used after the connection broke.
    if (this.#call?.isPaused !== true) this.#conclude()
  }

  /** Nothing more comes: either the response is complete, or it is a fault. */
  #conclude(): void {
    const call = this.#call
    if (call === undefined) return
    // RFC 9112 8: a body that ends with the connection is complete only if it was closed, and not reset.
    const end = this.#ended === 'properly' ? this.#reader.connectionEnded() : undefined
    if (end !== undefined) this.#finish(call)
    else if (this.#mayRepeat(call)) {
      this.#call = undefined
      call.isRetried = true
      this.#owner.onRetry(call)
    } else this.#fail('upstream_reset')
  }

  /** The app may have closed the kept connection before the request arrived. */
  #mayRepeat(call: UpstreamCall): boolean {
    if (!this.#isReused || this.#hasReceived || call.isRetried || call.isAborted) return false
    return call.isRepeatable
  }

  timedOut(): void {
    this.#fail('upstream_timeout')
  }

  #fail(code: FaultCode): void {
    const call = this.#call
    this.#call = undefined
    this.destroy()
    if (call === undefined || call.isAborted) return
    call.ended()
    call.handler.onFault(new GatewayFault(code, this.#error))
  }
}

/** `Keep-Alive: timeout=5`, as Node's servers send it. One second less, so that the gateway closes before the app does. */
function promisedKeepAlive({ rawHeaders }: ReadResponse): number | undefined {
  const [value] = fieldValues(rawHeaders, 'keep-alive')
  return value === undefined ? undefined : keepAliveOf(value).ms
}

/** An app sends the same value each time. */
const keepAliveOf = memoized((value) => {
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})\b/.exec(value)?.[1]
  return { ms: seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1000 - 1000) }
})
