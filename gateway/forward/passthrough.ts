/** Hands a passthrough route's requests to its app: streamed both ways, WebSockets included. */
import type { Socket } from 'node:net'

import type { ClientRequest } from '../accept/client-request.ts'
import type { ClientResponse } from '../accept/client-response.ts'
import type { PassthroughRequest } from '../admit/admit.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import { chunkStart, LAST_CHUNK, writeHead } from '../wire/write-message.ts'
import { keepPassthroughFields, keepResponseFields } from './header-filter.ts'
import { ResponseRelay } from './response-relay.ts'
import { joinTunnel } from './tunnel.ts'
import { UpstreamCall, type UpstreamHandler } from './upstream-call.ts'
import type { UpstreamOptions, UpstreamPool, UpstreamPools } from './upstream-pool.ts'
import { upstreamFields } from './upstream-request.ts'

/** What the exchange hears of its call. */
export interface PassthroughEvents {
  /** @param cut ends the call, with what the exchange is to be ended with. */
  readonly onCuttable: (cut: (fault: GatewayFault) => void) => void
  /** The connection belongs to another protocol. @param app the connection to the app. */
  readonly onTunnel: (app: Socket) => void
}

/** What is hop-by-hop and yet meant, in both directions (RFC 6455 4). */
const UPGRADING = ['Connection', 'Upgrade', 'Upgrade', 'websocket']

export class Passthrough {
  readonly #shared: UpstreamPools
  readonly #pools = new Map<RoutePolicy, UpstreamPool>()

  constructor(routes: readonly RoutePolicy[], options: UpstreamOptions, shared: UpstreamPools) {
    this.#shared = shared
    for (const route of routes) {
      if (route.kind !== 'passthrough') continue
      this.#pools.set(
        route,
        shared.acquire({ kind: route.kind, upstream: route.upstream, options }),
      )
    }
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
    const pool = this.#pools.get(route)
    if (pool === undefined) throw new Error(`route ${route.name} has no pool`)
    const kept = upstreamFields(accepted, keepPassthroughFields(head.rawHeaders), requestId)
    const headers = [...kept, ...(head.isUpgrade ? UPGRADING : framingOf(head))]
    const relay = new ResponseRelay(response)
    const isWhole = request.isComplete
    const call = new UpstreamCall(
      {
        method: head.method,
        head: writeHead(`${head.method} ${head.target} HTTP/1.1`, headers),
        body: isWhole ? [] : 'streamed',
        mayUpgrade: head.isUpgrade,
      },
      {
        ...handlerOf(relay, response, events),
        ...(!isWhole && {
          onConnected: () => {
            stream(request, call, relay)
          },
          onDrain: () => {
            request.resume()
          },
        }),
      },
    )
    events.onCuttable((fault) => {
      relay.fail(fault)
    })
    if (relay.follow(call)) pool.send(call)
    return relay.done
  }

  close(): void {
    for (const pool of this.#pools.values()) this.#shared.release(pool)
  }
}

function handlerOf(
  relay: ResponseRelay,
  response: ClientResponse,
  events: PassthroughEvents,
): UpstreamHandler {
  let switching: readonly string[] = []
  return {
    onResponse: (read) => {
      if (read.status === 101)
        switching = [...keepResponseFields(read.rawHeaders, true), ...UPGRADING]
      else relay.begin(read)
    },
    onSwitched: (appSocket, fromApp) => {
      const { socket, first } = response.switchProtocols(switching)
      events.onTunnel(appSocket)
      joinTunnel({ socket, first }, { socket: appSocket, first: fromApp }, () => {
        relay.switched(101)
      })
    },
    onPiece: (bytes) => {
      relay.piece(bytes)
    },
    onPause: () => {
      relay.flush()
    },
    onEnd: () => {
      relay.end()
    },
    onFault: (fault) => {
      relay.fail(fault)
    },
  }
}

/** The framing that the request came with. */
function framingOf({ rawHeaders, method }: RequestHead): string[] {
  if (fieldValues(rawHeaders, 'transfer-encoding').length > 0) {
    return ['Transfer-Encoding', 'chunked']
  }
  const [length] = fieldValues(rawHeaders, 'content-length')
  if (length !== undefined) return ['Content-Length', length]
  // RFC 9110 8.6: a method whose meaning expects a body says that there is none.
  return method === 'GET' || method === 'HEAD' ? [] : ['Content-Length', '0']
}

/** Passes the body on as it comes, no faster than the app takes it. */
function stream(request: ClientRequest, call: UpstreamCall, relay: ResponseRelay): void {
  const isChunked = fieldValues(request.head.rawHeaders, 'transfer-encoding').length > 0
  request.read({
    onPiece: (bytes) => {
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
      relay.fail(new GatewayFault('downstream_invalid'))
    },
    onGone: () => {
      relay.fail(new GatewayFault('downstream_closed'))
    },
  })
}
