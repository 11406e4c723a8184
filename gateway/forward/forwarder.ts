/** Sends an admitted request to its app, and the response back as it comes. */
import type { ClientResponse } from '../accept/client-response.ts'
import type { AdmittedRequest } from '../admit/admit.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import { fieldValues } from '../admit/request-head.ts'
import type { ReadResponse } from '../wire/response-reader.ts'
import { writeHead } from '../wire/write-message.ts'
import { keepRequestFields } from './header-filter.ts'
import { ResponseRelay, type Cuttable } from './response-relay.ts'
import { RoutePools } from './route-pools.ts'
import { UpstreamCall } from './upstream-call.ts'
import type { UpstreamOptions, UpstreamPools } from './upstream-pool.ts'
import { replaceSignature, upstreamFields } from './upstream-request.ts'

/** The events of a call, for its exchange. */
export interface ForwardEvents {
  /** The operating system has taken the body, so its memory here is free. */
  onBodySent(): void
  /** The head of the app's response has arrived. */
  onResponse(rawHeaders: readonly string[]): void
  /** The app responds with a redirect that repeats the call. The response waits for the promise, which must not reject. */
  onRedirect(location: string): Promise<void>
  /** From this event on, the exchange can end the call. */
  onCuttable(call: Cuttable): void
}

/** Redirects that repeat the call as it is (RFC 9110 15.4.8, 15.4.9). */
const REPEATING = new Set([307, 308])

/** Redirects that a client follows with a GET, which is not the call any more (RFC 9110 15.4). */
const METHOD_CHANGING = new Set([301, 302, 303])

/** Methods whose meaning expects a body, so that even an empty one is announced (RFC 9110 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

export class Forwarder {
  readonly #pools: RoutePools

  constructor(routes: readonly RoutePolicy[], options: UpstreamOptions, shared: UpstreamPools) {
    this.#pools = new RoutePools('verified', routes, options, shared)
  }

  /** @returns the app's status, when its whole response has been passed on. @throws GatewayFault */
  forward(
    admitted: AdmittedRequest,
    requestId: string,
    response: ClientResponse,
    events: ForwardEvents,
  ): Promise<number> {
    const { route, head, body, newSignature } = admitted
    const pool = this.#pools.of(route)
    const signed = body.take()
    const kept = keepRequestFields(head.rawHeaders)
    if (newSignature !== undefined) replaceSignature(kept, newSignature.header)
    const headers = upstreamFields(admitted, kept, requestId)
    if (signed.byteLength > 0 || WITH_BODY.has(head.method)) {
      headers.push('content-length', String(signed.byteLength))
    }
    // A redirect of a durable endpoint is its result: the user follows it to a page that waits for the run.
    const mayRedirect = head.method === 'GET' || route.kind === 'durable'
    const relay = new CallRelay(mayRedirect, response, events)
    const call = new UpstreamCall(
      {
        method: head.method,
        // The same bytes that were matched to the route. Nothing is decoded and encoded again.
        head: writeHead(`${head.method} ${head.target} HTTP/1.1`, headers),
        body: signed.pieces,
        mayUpgrade: false,
        mayRepeat: route.kind === 'inngest',
      },
      relay,
    )
    events.onCuttable(relay)
    return relay.send(call, pool)
  }

  close(): void {
    this.#pools.close()
  }
}

/** The response to a call, which may be a redirect. */
class CallRelay extends ResponseRelay {
  readonly #mayRedirect: boolean
  readonly #events: ForwardEvents

  /** @param mayRedirect whether a redirect that changes the method is forwarded. */
  constructor(mayRedirect: boolean, response: ClientResponse, events: ForwardEvents) {
    super(response)
    this.#mayRedirect = mayRedirect
    this.#events = events
  }

  onSent(): void {
    this.#events.onBodySent()
  }

  override onResponse(read: ReadResponse, call: UpstreamCall): void {
    this.#events.onResponse(read.rawHeaders)
    if (METHOD_CHANGING.has(read.status) && !this.#mayRedirect) {
      this.onFault(new GatewayFault('upstream_redirect'))
      return
    }
    const [location] = REPEATING.has(read.status) ? fieldValues(read.rawHeaders, 'location') : []
    if (location === undefined) {
      this.begin(read)
      return
    }
    call.pause()
    void this.#events.onRedirect(location).then(() => {
      // Meanwhile the app may have failed, and the client may have the response of that fault.
      if (call.isAborted) return
      this.begin(read)
      call.resume()
    })
  }
}
