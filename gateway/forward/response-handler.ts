/** What becomes of the answer to an admitted request. */
import type { ServerResponse } from 'node:http'

import { errors, type Dispatcher } from 'undici'

import { fieldValues } from '../admit/request-head.ts'
import { GatewayFault } from '../admit/faults.ts'
import { keepResponseFields } from './header-filter.ts'
import { sendHead } from './relay.ts'

/** Who wants to know how it goes. */
export interface ForwardEvents {
  /** The body is in the hands of the app's connection, so that nothing here holds it any longer. */
  readonly onBodySent: () => void
  /** The app answers with a redirect that repeats the call; the answer waits. Must not reject. */
  readonly onRedirect: (location: string) => Promise<void>
}

/** Redirects that repeat the call as it is (RFC 9110 15.4.8, 15.4.9). */
const REPEATING = new Set([307, 308])

/** Redirects that a client follows as a GET, which loses a call's meaning (RFC 9110 15.4). */
const METHOD_CHANGING = new Set([301, 302, 303])

/** Passes one answer on as it comes, no faster than the client takes it. */
export class AnswerRelay implements Dispatcher.DispatchHandler {
  readonly #method: string
  readonly #response: ServerResponse
  readonly #events: ForwardEvents
  readonly #resolve: (status: number) => void
  readonly #reject: (fault: GatewayFault) => void
  /**
   * A connection was had, so that what goes wrong now is not about connecting. Before that undici
   * writes nothing of the request.
   */
  #isConnected = false
  /** Of a redirect: done when its target may be called. */
  #rearming: Promise<void> | undefined
  /** Written, and sent at the end of this turn at the latest. */
  #isHeadHeld = false
  /** The first of the body that came with the head. */
  #first: Buffer | undefined

  constructor(
    method: string,
    response: ServerResponse,
    events: ForwardEvents,
    resolve: (status: number) => void,
    reject: (fault: GatewayFault) => void,
  ) {
    this.#method = method
    this.#response = response
    this.#events = events
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici writes nothing of a request that is aborted here.
    if (this.#response.destroyed) {
      this.#leave(controller, true)
      return
    }
    this.#isConnected = true
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) this.#leave(controller, false)
    })
  }

  #leave(controller: Dispatcher.DispatchController, isUnsent: boolean): void {
    const fault = new GatewayFault('downstream_closed', undefined, isUnsent)
    // An answer that the app has ended already cannot be aborted, nor will it ever be sent.
    this.#reject(fault)
    controller.abort(fault)
  }

  onRequestSent(): void {
    this.#events.onBodySent()
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // An interim answer (103): the final one is still to come.
    if (status < 200) return
    if (METHOD_CHANGING.has(status) && this.#method !== 'GET') {
      controller.abort(new GatewayFault('upstream_redirect'))
      return
    }
    const fields = rawFields(controller)
    const [location] = REPEATING.has(status) ? fieldValues(fields, 'location') : []
    if (location === undefined) {
      this.#begin(controller, status, fields)
      return
    }
    controller.pause()
    this.#rearming = this.#events.onRedirect(location).then(() => {
      this.#begin(controller, status, fields)
      controller.resume()
    })
  }

  #begin(controller: Dispatcher.DispatchController, status: number, fields: readonly string[]) {
    // While it waited for its target the app may have broken off, and a fault been answered.
    if (this.#response.destroyed || this.#response.headersSent) return
    this.#response.writeHead(status, keepResponseFields(fields))
    // What has come with the head is sent with it. Nothing else is waited for: a stepping app answers
    // 201 at once and then sends spaces for as long as it works.
    this.#isHeadHeld = true
    process.nextTick(() => {
      this.#sendHeadAndFirst(controller)
    })
  }

  #sendHeadAndFirst(controller: Dispatcher.DispatchController): void {
    if (!this.#isHeadHeld) return
    this.#isHeadHeld = false
    if (this.#first === undefined) sendHead(this.#response)
    else this.#pass(controller, this.#first)
    this.#first = undefined
  }

  #pass(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#response.once('drain', () => {
      controller.resume()
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isHeadHeld && this.#first === undefined) {
      this.#first = chunk
      return
    }
    this.#sendHeadAndFirst(controller)
    this.#pass(controller, chunk)
  }

  /** Trailers are dropped. */
  onResponseEnd(): void {
    // An answer without a body ends while its head is held back.
    if (this.#rearming === undefined) this.#finish()
    else
      void this.#rearming.then(() => {
        this.#finish()
      })
  }

  #finish(): void {
    const { statusCode } = this.#response
    const first = this.#first
    this.#isHeadHeld = false
    this.#first = undefined
    this.#response.end(first, () => {
      this.#resolve(statusCode)
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(upstreamFault(error, this.#isConnected))
  }
}

/** @throws GatewayFault if it is not HTTP/1.1 that was spoken: an answer must not lose its fields. */
function rawFields({ rawHeaders }: Dispatcher.DispatchController): string[] {
  if (!Array.isArray(rawHeaders)) throw new GatewayFault('internal')
  return rawHeaders.map((part) => part.toString('latin1'))
}

const TIMEOUTS = [errors.ConnectTimeoutError, errors.HeadersTimeoutError, errors.BodyTimeoutError]

function upstreamFault(error: Error, isConnected: boolean): GatewayFault {
  if (error instanceof GatewayFault) return error
  if (error instanceof errors.InvalidArgumentError)
    return new GatewayFault('internal', error, !isConnected)
  if (TIMEOUTS.some((type) => error instanceof type)) {
    return new GatewayFault('upstream_timeout', error, !isConnected)
  }
  // Refused, not found, or a certificate that does not verify.
  if (!isConnected) return new GatewayFault('upstream_connect', error, true)
  const isProtocol =
    error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError
  return new GatewayFault(isProtocol ? 'upstream_protocol' : 'upstream_reset', error)
}
