/** Forwards unverified requests to the app, streamed in both directions, WebSockets included. */
import type { Socket } from 'node:net'

import type { ClientRequest } from '../accept/client-request.ts'
import type { ClientResponse } from '../accept/client-response.ts'
import type { PassthroughRequest } from '../admit/admit.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import type { ReadResponse } from '../wire/response-reader.ts'
import { chunkStart, LAST_CHUNK, writeHead } from '../wire/write-message.ts'
import { keepPassthroughFields, keepResponseFields } from './header-filter.ts'
import { ResponseRelay, type Cuttable } from './response-relay.ts'
import { RoutePools } from './route-pools.ts'
import { joinTunnel } from './tunnel.ts'
import { UpstreamCall } from './upstream-call.ts'
import type { UpstreamOptions, UpstreamPools } from './upstream-pool.ts'
import { upstreamFields } from './upstream-request.ts'

/** The events of a call, for its exchange. */
export interface PassthroughEvents {
  /** From this event on, the exchange can end the call. */
  readonly onCuttable: (call: Cuttable) => void
  /** The head of the app's response has arrived. */
  readonly onResponse: (status: number, rawHeaders: readonly string[]) => void
  /** The connection has switched to another protocol. @param app the connection to the app. */
  readonly onTunnel: (app: Socket) => void
}

/** The hop-by-hop headers that an upgrade needs, in both directions (RFC 6455 4). */
const UPGRADING = ['Connection', 'Upgrade', 'Upgrade', 'websocket']

export class Passthrough {
  readonly #pools: RoutePools

  constructor(routes: readonly RoutePolicy[], options: UpstreamOptions, shared: UpstreamPools) {
    this.#pools = new RoutePools('open', routes, options, shared)
  }

  /**
   * @returns the app's status, when its whole response has been passed on, or a WebSocket has ended.
   * @throws GatewayFault
   */
  forward(
    accepted: PassthroughRequest,
    requestId: string,
    request: ClientRequest,
    response: ClientResponse,
    events: PassthroughEvents,
  ): Promise<number> {
    const { route, head } = accepted
    const pool = this.#pools.of(route)
    const kept = upstreamFields(accepted, keepPassthroughFields(head.rawHeaders), requestId)
    const headers = [...kept, ...(head.isUpgrade ? UPGRADING : framingOf(head))]
    const isDurable = route.kind === 'durable'
    const maxBytes = isDurable ? route.users.maxBodyBytes : Infinity
    const relay = new PassthroughRelay(request, response, events, maxBytes)
    const call = new UpstreamCall(
      {
        method: head.method,
        head: writeHead(`${head.method} ${head.target} HTTP/1.1`, headers),
        body: request.isComplete ? [] : 'streamed',
        mayUpgrade: head.isUpgrade,
        mayRepeat: !isDurable,
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

/** Relays the body of the request to the app, if there is one, and the response to the client. */
class PassthroughRelay extends ResponseRelay {
  readonly #request: ClientRequest
  readonly #response: ClientResponse
  readonly #events: PassthroughEvents
  readonly #maxBytes: number
  /** The headers of the app's 101 response. */
  #switching: readonly string[] = []

  constructor(
    request: ClientRequest,
    response: ClientResponse,
    events: PassthroughEvents,
    maxBytes: number,
  ) {
    super(response)
    this.#request = request
    this.#response = response
    this.#events = events
    this.#maxBytes = maxBytes
  }

  onConnected(call: UpstreamCall): void {
    if (!this.#request.isComplete) stream(this.#request, call, this, this.#maxBytes)
  }

  onDrain(): void {
    this.#request.resume()
  }

  override onResponse(read: ReadResponse): void {
    this.#events.onResponse(read.status, read.rawHeaders)
    if (read.status === 101)
      this.#switching = [...keepResponseFields(read.rawHeaders, true), ...UPGRADING]
    else this.begin(read)
  }

  onSwitched(appSocket: Socket, fromApp: Buffer): void {
    const { socket, first } = this.#response.switchProtocols(this.#switching)
    this.#events.onTunnel(appSocket)
    joinTunnel({ socket, first }, { socket: appSocket, first: fromApp }, () => {
      this.tunnelEnded()
    })
  }
}

/** The same framing as that of the received request. */
function framingOf({ rawHeaders, method }: RequestHead): string[] {
  if (fieldValues(rawHeaders, 'transfer-encoding').length > 0) {
    return ['Transfer-Encoding', 'chunked']
  }
  const [length] = fieldValues(rawHeaders, 'content-length')
  if (length !== undefined) return ['Content-Length', length]
  // RFC 9110 8.6: without a body, a method that usually has one is sent with `Content-Length: 0`.
  return method === 'GET' || method === 'HEAD' ? [] : ['Content-Length', '0']
}

/** Forwards the body as it arrives, no faster than the app reads it. */
function stream(
  request: ClientRequest,
  call: UpstreamCall,
  relay: ResponseRelay,
  maxBytes: number,
): void {
  const isChunked = fieldValues(request.head.rawHeaders, 'transfer-encoding').length > 0
  let length = 0
  request.read({
    onPiece: (bytes) => {
      length += bytes.length
      if (length > maxBytes) {
        request.stopReading()
        relay.onFault(new GatewayFault('downstream_too_large'))
        return
      }
      if (isChunked) call.write(chunkStart(bytes.length))
      const takesMore = call.write(bytes)
      if (isChunked) call.write('\r\n')
      if (!takesMore) request.pause()
    },
    onEnd: () => {
      if (isChunked) call.write(LAST_CHUNK)
      call.bodyEnded()
    },
    onInvalid: () => {
      relay.onFault(new GatewayFault('downstream_invalid'))
    },
    onGone: () => {
      relay.onFault(new GatewayFault('downstream_closed'))
    },
  })
}
