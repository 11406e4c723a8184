/**
 * Hands a passthrough route's requests to its app: streamed both ways, WebSockets included. The
 * bytes go through http-proxy-3; which fields pass, and how it ends, is decided here.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import type { ProxyServer, ServerOptions } from 'http-proxy-3'

import type { PassthroughRequest } from '../admit/admit.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { PassthroughRoutePolicy, RoutePolicy } from '../admit/policy.ts'
import { askForBody } from '../exchange/body-reader.ts'
import type { ForwarderOptions } from './forwarder.ts'
import { keepResponseFields } from './header-filter.ts'
import { fieldMap, passthroughHeaders } from './passthrough-fields.ts'
import { targetOf, type UpstreamAgent, type UpstreamAgents } from './passthrough-target.ts'
import { relay, relayOnSocket } from './relay.ts'

/** What is hop-by-hop and yet meant, in both directions. */
const UPGRADING = { connection: 'Upgrade', upgrade: 'websocket' }

interface Call {
  /** Path and query as sent; the library drops an empty query with its `?`. */
  readonly target: string
  /** What the app gets, framing and all. */
  readonly headers: IncomingHttpHeaders
  readonly onResponse: (answer: IncomingMessage) => void
  /** The app speaks another protocol from now on. */
  readonly onSwitched: (answer: IncomingMessage, appSocket: Socket) => void
  upstream?: ClientRequest
  hasTimedOut: boolean
}

export class Passthrough {
  /** Undefined if no route is passed through. */
  readonly #proxy: ProxyServer | undefined
  readonly #options: ForwarderOptions
  readonly #shared: UpstreamAgents
  readonly #agents: UpstreamAgent[] = []
  readonly #targets = new Map<RoutePolicy, ServerOptions>()
  readonly #calls = new WeakMap<IncomingMessage, Call>()

  constructor(routes: readonly RoutePolicy[], options: ForwarderOptions, shared: UpstreamAgents) {
    this.#options = options
    this.#shared = shared
    for (const route of routes) {
      if (route.kind !== 'passthrough') continue
      const agent = shared.acquire(route.upstream)
      this.#agents.push(agent)
      this.#targets.set(route, targetOf(route.upstream, agent, options))
    }
    if (this.#targets.size > 0) this.#proxy = this.#createProxy()
  }

  /** @returns the app's status, when its whole answer has been passed on. @throws GatewayFault */
  forward(
    accepted: PassthroughRequest,
    requestId: string,
    request: IncomingMessage,
    response: ServerResponse,
    onCuttable: (cut: (fault: GatewayFault) => void) => void,
  ): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const call: Call = {
      target: accepted.head.target,
      headers: passthroughHeaders(accepted, requestId),
      hasTimedOut: false,
      onResponse: (answer) => {
        relay(answer, response, reject)
      },
      onSwitched: (_answer, appSocket) => {
        reject(new GatewayFault('upstream_protocol'))
        appSocket.destroy()
      },
    }
    this.#calls.set(request, call)
    onCuttable((fault) => {
      reject(fault)
      call.upstream?.destroy()
    })
    response.once('close', () => {
      call.upstream?.destroy()
      if (response.writableFinished) resolve(response.statusCode)
      else reject(new GatewayFault('downstream_closed'))
    })
    askForBody(request, response)
    const { proxy, target } = this.#wayTo(accepted.route)
    proxy.web(request, response, target, (error) => {
      if (request.socket.destroyed) reject(new GatewayFault('downstream_closed', error))
      else reject(faultOf(error, call))
    })
    return promise
  }

  /**
   * @param onFault called before the connection is closed for it, so that it can be answered.
   * @returns the app's status, when the connection has ended. @throws GatewayFault
   */
  upgrade(
    accepted: PassthroughRequest,
    requestId: string,
    request: IncomingMessage,
    socket: Socket,
    firstBytes: Buffer,
    onFault: (fault: GatewayFault) => void,
  ): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    let status: number | undefined
    const call: Call = {
      target: accepted.head.target,
      headers: { ...passthroughHeaders(accepted, requestId), ...UPGRADING },
      hasTimedOut: false,
      onResponse: (answer) => {
        status = answer.statusCode
        relayOnSocket(answer, request, socket, (fault) => {
          // Nothing of an answer has gone out.
          if (fault.code === 'upstream_protocol') onFault(fault)
          reject(fault)
        })
      },
      onSwitched: (answer, appSocket) => {
        status = answer.statusCode
        // The library writes the head as a text, and fields are bytes.
        socket.setDefaultEncoding('latin1')
        // The library only ends it, which an app that is still sending never sees the end of.
        socket.once('close', () => appSocket.destroy())
        answer.headers = { ...fieldMap(keepResponseFields(answer.rawHeaders)), ...UPGRADING }
      },
    }
    this.#calls.set(request, call)
    // Until an app has switched nothing reads from it, so nobody else would see the client go.
    socket.once('end', () => {
      if (status !== 101) socket.destroy()
    })
    socket.once('close', () => {
      call.upstream?.destroy()
      if (status === undefined) reject(new GatewayFault('downstream_closed'))
      else resolve(status)
    })
    request.headers = call.headers
    const { proxy, target } = this.#wayTo(accepted.route)
    proxy.ws(request, socket, firstBytes, target, (error) => {
      if (status !== undefined) return
      const fault = faultOf(error, call)
      onFault(fault)
      reject(fault)
    })
    return promise
  }

  close(): void {
    for (const agent of this.#agents) this.#shared.release(agent)
  }

  #createProxy(): ProxyServer {
    // Loaded where it is needed only, and at once: a reload that adds a route does not wait.
    const library = createRequire(import.meta.url)('http-proxy-3') as typeof import('http-proxy-3')
    const proxy = library.createProxyServer({})
    const onRequest = (upstream: ClientRequest, request: IncomingMessage) => {
      this.#adopt(upstream, request)
    }
    proxy.on('proxyReq', onRequest).on('proxyReqWs', onRequest)
    // The headers, and with them the framing, are set here, after the library has changed them: its own
    // framing does not fit every body.
    proxy.before('web', 'stream', (request) => {
      request.headers = this.#calls.get(request)?.headers ?? {}
    })
    // Every call has a handler of its own; what comes here came twice.
    proxy.on('error', () => undefined)
    return proxy
  }

  #wayTo(route: PassthroughRoutePolicy): { proxy: ProxyServer; target: ServerOptions } {
    const [proxy, target] = [this.#proxy, this.#targets.get(route)]
    if (proxy === undefined || target === undefined)
      throw new Error(`route ${route.name} has no target`)
    // The library writes what it sends into `ssl`. Its parser is strict, whatever NODE_OPTIONS says.
    return { proxy, target: { ...target, ssl: { insecureHTTPParser: false } } }
  }

  #adopt(upstream: ClientRequest, request: IncomingMessage): void {
    const call = this.#calls.get(request)
    if (call === undefined) return
    call.upstream = upstream
    // Nothing of the head has been written: the library tells first of all for such changes.
    upstream.path = call.target
    upstream.setTimeout(this.#options.responseTimeoutMs, () => {
      call.hasTimedOut = true
      upstream.destroy()
    })
    upstream.once('upgrade', (answer, appSocket: Socket) => {
      upstream.setTimeout(0)
      call.onSwitched(answer, appSocket)
    })
    const takeOver = () => {
      upstream.removeAllListeners('response').once('response', call.onResponse)
    }
    // Of a plain request the library tells when the socket is there and it listens already, of a
    // handshake before it does.
    if (upstream.socket === null) {
      upstream.once('socket', () => {
        this.#watchHandshake(upstream, call)
      })
      process.nextTick(takeOver)
    } else {
      this.#watchHandshake(upstream, call)
      takeOver()
    }
  }

  /** The library's own time for connecting ends where a TLS handshake begins. */
  #watchHandshake(upstream: ClientRequest, call: Call): void {
    const { socket } = upstream
    if (!(socket instanceof TLSSocket) || upstream.reusedSocket) return
    const timer = setTimeout(() => {
      call.hasTimedOut = true
      upstream.destroy()
    }, this.#options.connectTimeoutMs)
    const stop = () => {
      clearTimeout(timer)
    }
    socket.once('secureConnect', stop).once('close', stop)
  }
}

const NOT_CONNECTED =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES|ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_SSL)/

function faultOf(error: Error & { code?: string }, call: Call): GatewayFault {
  const { code = '' } = error
  if (call.hasTimedOut || code === 'ECONNECT_TIMEOUT')
    return new GatewayFault('upstream_timeout', error)
  if (NOT_CONNECTED.test(code)) return new GatewayFault('upstream_connect', error)
  return new GatewayFault(code.startsWith('HPE_') ? 'upstream_protocol' : 'upstream_reset', error)
}
