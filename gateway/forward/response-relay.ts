/** What becomes of the app's response: it goes to the client as it comes, no faster than the client takes it. */
import type { ClientResponse } from '../accept/client-response.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { ReadResponse } from '../wire/response-reader.ts'
import { keepResponseFields } from './header-filter.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** Relays one response; `done` tells how it went. */
export class ResponseRelay {
  /** The app's status, when its whole response has been passed on. Rejects with a GatewayFault. */
  readonly done: Promise<number>
  readonly #response: ClientResponse
  readonly #resolve: (status: number) => void
  readonly #reject: (fault: GatewayFault) => void
  #call: UpstreamCall | undefined

  constructor(response: ClientResponse) {
    this.#response = response
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.done = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  /**
   * The call whose response this is.
   * @returns false if the client has left: then nothing is to be sent.
   */
  follow(call: UpstreamCall): boolean {
    this.#call = call
    const response = this.#response
    if (response.isClosed) {
      this.fail(new GatewayFault('downstream_closed', undefined, true))
      return false
    }
    response.onClose = () => {
      if (!response.isFlushed) {
        this.fail(new GatewayFault('downstream_closed', undefined, !call.isSent))
      }
    }
    response.onDrain = () => {
      call.resume()
    }
    return true
  }

  begin({ status, rawHeaders, framing }: ReadResponse): void {
    // RFC 9110 8.6: a 204 has no length.
    const kept = keepResponseFields(rawHeaders, status === 204)
    this.#response.start(status, kept, framing)
  }

  piece(bytes: Buffer): void {
    if (!this.#response.write(bytes)) this.#call?.pause()
  }

  flush(): void {
    this.#response.flush()
  }

  end(): void {
    const { status = 0 } = this.#response
    this.#response.end(() => {
      this.#resolve(status)
    })
  }

  /** The connection belongs to another protocol until it ends. */
  switched(status: number): void {
    this.#resolve(status)
  }

  fail(fault: GatewayFault): void {
    this.#reject(fault)
    this.#call?.abort()
  }
}
