/** Relays the app's response to the client as it arrives, no faster than the client reads it. */
import type { ClientResponse, ResponseWatcher } from '../accept/client-response.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { ReadResponse } from '../wire/response-reader.ts'
import { keepResponseFields } from './header-filter.ts'
import type { UpstreamCall, UpstreamHandler } from './upstream-call.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** A call that other code may end. */
export interface Cuttable {
  /** Ends it with this fault, unless it has ended. */
  onFault(fault: GatewayFault): void
}

/** Relays one response. */
export class ResponseRelay implements UpstreamHandler, ResponseWatcher, Cuttable {
  readonly #done: Promise<number>
  readonly #response: ClientResponse
  readonly #resolve: (status: number) => void
  readonly #reject: (fault: GatewayFault) => void
  #call: UpstreamCall | undefined

  constructor(response: ClientResponse) {
    this.#response = response
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#done = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  /**
   * Sends the call whose response this is, unless the client has left.
   * @returns the app's status, when its whole response has been passed on. @throws GatewayFault
   */
  send(call: UpstreamCall, pool: UpstreamPool): Promise<number> {
    this.#call = call
    const response = this.#response
    if (response.isClosed) this.onFault(new GatewayFault('downstream_closed', undefined, true))
    else {
      response.watcher = this
      pool.send(call)
    }
    return this.#done
  }

  /** The client reads again. */
  onResponseDrain(): void {
    this.#call?.resume()
  }

  /** The client has left before the whole response was sent. */
  onResponseClosed(): void {
    const isUnsent = this.#call?.isSent !== true
    this.onFault(new GatewayFault('downstream_closed', undefined, isUnsent))
  }

  onResponse(...[read]: Parameters<UpstreamHandler['onResponse']>): void {
    this.begin(read)
  }

  protected begin({ status, rawHeaders, framing }: ReadResponse): void {
    // RFC 9110 8.6: a 204 has no length.
    const kept = keepResponseFields(rawHeaders, status === 204)
    this.#response.start(status, kept, framing)
  }

  onPiece(bytes: Buffer): void {
    if (!this.#response.write(bytes)) this.#call?.pause()
  }

  onPause(): void {
    this.#response.flush()
  }

  onEnd(): void {
    this.#response.end()
  }

  onResponseSent(): void {
    this.#resolve(this.#response.status ?? 0)
  }

  /** The tunnel of another protocol has ended. */
  tunnelEnded(): void {
    this.#resolve(101)
  }

  /** Also called to end the call for another reason. */
  onFault(fault: GatewayFault): void {
    this.#response.watcher = undefined
    this.#reject(fault)
    this.#call?.abort()
  }
}
