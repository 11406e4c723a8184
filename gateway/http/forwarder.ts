/** Sends an admitted request to its app and streams the answer back as it comes. */
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

import { errors, Pool, type Dispatcher } from 'undici'

import type { AdmittedRequest } from '../admit.ts'
import type { Body } from '../body.ts'
import { fieldValues } from '../checks/request-head.ts'
import { GatewayFault } from '../errors.ts'
import type { InngestRoutePolicy, RoutePolicy, UpstreamPolicy } from '../policy.ts'
import { keepRequestFields, keepResponseFields } from './header-hygiene.ts'
import { sendHead } from './relay.ts'
import { SharedResources } from './shared-resources.ts'
import { upstreamFields } from './upstream-request.ts'

export interface ForwarderOptions {
  readonly connectTimeoutMs: number
  /** Longest silence of the app, before its head and between any two parts of its body. */
  readonly responseTimeoutMs: number
}

/** Who wants to know how it goes. */
export interface ForwardTold {
  /** The body is in the hands of the app's connection, so that nothing here holds it any longer. */
  readonly onBodySent: () => void
  /** The app answers with a redirect that repeats the call; the answer waits. Must not reject. */
  readonly onRedirect: (location: string) => Promise<void>
}

/** Redirects that repeat the call as it is (RFC 9110 15.4.8, 15.4.9). */
const REPEATING = new Set([307, 308])

/** Redirects that a client follows as a GET, which loses a call's meaning (RFC 9110 15.4). */
const METHOD_CHANGING = new Set([301, 302, 303])

interface PoolSpecification {
  readonly upstream: UpstreamPolicy
  readonly options: ForwarderOptions
}

/** Of one route. */
interface Upstream {
  readonly pool: Pool
  readonly serverName: string
}

export type UpstreamPools = SharedResources<PoolSpecification, Pool>

export function createUpstreamPools(): UpstreamPools {
  // Nothing is in flight on a pool that nobody holds.
  return new SharedResources(createPool, (pool) => void pool.destroy())
}

export class Forwarder {
  readonly #shared: UpstreamPools
  readonly #upstreams = new Map<RoutePolicy, Upstream>()

  constructor(routes: readonly RoutePolicy[], options: ForwarderOptions, shared: UpstreamPools) {
    this.#shared = shared
    for (const route of routes) {
      if (route.kind !== 'inngest') continue
      const pool = shared.acquire({ upstream: route.upstream, options })
      this.#upstreams.set(route, { pool, serverName: serverNameOf(route) })
    }
  }

  /**
   * @returns the app's status, when its whole answer has been passed on. @throws GatewayFault
   */
  forward(
    request: AdmittedRequest,
    requestId: string,
    response: ServerResponse,
    told: ForwardTold,
  ): Promise<number> {
    const { route, head, body } = request
    const upstream = this.#upstreams.get(route)
    if (upstream === undefined) throw new Error(`route ${route.name} has no pool`)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const signed = body.take()
    const fields = upstreamFields(request, keepRequestFields(head.rawHeaders), requestId)
    const isLarge = signed.byteLength > LARGE_BODY_BYTES
    if (isLarge) fields.push('content-length', String(signed.byteLength))
    upstream.pool.dispatch(
      {
        // The same bytes that were matched: nothing is decoded and encoded again.
        path: head.target,
        method: head.method,
        headers: fields,
        body: isLarge ? lettingGo(signed) : bytesOrNone(head, signed.whole()),
        // undici would take the certificate's name from `Host`, which the sender chose.
        ...({ servername: upstream.serverName } as object),
      },
      new Relay(head.method, response, told, resolve, reject),
    )
    return promise
  }

  close(): void {
    for (const { pool } of this.#upstreams.values()) this.#shared.release(pool)
  }
}

/** undici keeps a buffer until the answer is there; what it iterates over it lets go of when sent. */
const LARGE_BODY_BYTES = 16_384

/** Iterables are documented as bodies, though not among undici's types. */
function lettingGo({ pieces }: Body): Readable {
  return pieces.values() as unknown as Readable
}

/** Methods whose meaning expects a body, so that even an empty one is announced (RFC 9110 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

function bytesOrNone({ method }: AdmittedRequest['head'], bytes: Uint8Array): Uint8Array | null {
  return bytes.byteLength === 0 && !WITH_BODY.has(method) ? null : bytes
}

function serverNameOf({ upstream }: InngestRoutePolicy): string {
  return upstream.tls.serverName ?? new URL(upstream.origin).hostname
}

function createPool({ upstream, options }: PoolSpecification): Pool {
  const { ca, cert, key } = upstream.tls
  return new Pool(upstream.origin, {
    headersTimeout: options.responseTimeoutMs,
    bodyTimeout: options.responseTimeoutMs,
    connect: {
      timeout: options.connectTimeoutMs,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      ...(upstream.socketPath !== undefined && { socketPath: upstream.socketPath }),
    },
  })
}

/** Passes one answer on, no faster than the client takes it. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #method: string
  readonly #response: ServerResponse
  readonly #told: ForwardTold
  readonly #resolve: (status: number) => void
  readonly #reject: (fault: GatewayFault) => void
  /** A connection was had, so that what goes wrong now is not about connecting. */
  #isConnected = false
  #held: Promise<void> | undefined

  constructor(
    method: string,
    response: ServerResponse,
    told: ForwardTold,
    resolve: (status: number) => void,
    reject: (fault: GatewayFault) => void,
  ) {
    this.#method = method
    this.#response = response
    this.#told = told
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#isConnected = true
    const onClose = () => {
      if (this.#response.writableFinished) return
      const fault = new GatewayFault('downstream_closed')
      // An answer that the app has ended already cannot be aborted, nor will it ever be sent.
      this.#reject(fault)
      controller.abort(fault)
    }
    if (this.#response.destroyed) onClose()
    else this.#response.once('close', onClose)
    this.#response.on('drain', () => {
      controller.resume()
    })
  }

  onRequestSent(): void {
    this.#told.onBodySent()
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
      this.#begin(status, fields)
      return
    }
    controller.pause()
    this.#held = this.#told.onRedirect(location).then(() => {
      this.#begin(status, fields)
      controller.resume()
    })
  }

  #begin(status: number, fields: readonly string[]): void {
    if (this.#response.destroyed) return
    this.#response.writeHead(status, keepResponseFields(fields))
    // A stepping app answers 201 at once and then sends spaces for as long as it works.
    sendHead(this.#response)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause()
  }

  /** Trailers are dropped. */
  onResponseEnd(): void {
    // An answer without a body ends while its head is held back.
    if (this.#held === undefined) this.#finish()
    else
      void this.#held.then(() => {
        this.#finish()
      })
  }

  #finish(): void {
    const { statusCode } = this.#response
    this.#response.end(() => {
      this.#resolve(statusCode)
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(upstreamFault(error, this.#isConnected))
  }
}

function rawFields(controller: Dispatcher.DispatchController): string[] {
  const raw = controller.rawHeaders
  return Array.isArray(raw) ? raw.map((part) => part.toString('latin1')) : []
}

const TIMEOUTS = [errors.ConnectTimeoutError, errors.HeadersTimeoutError, errors.BodyTimeoutError]

function upstreamFault(error: Error, isConnected: boolean): GatewayFault {
  if (error instanceof GatewayFault) return error
  if (error instanceof errors.InvalidArgumentError) return new GatewayFault('internal', error)
  if (TIMEOUTS.some((type) => error instanceof type)) {
    return new GatewayFault('upstream_timeout', error)
  }
  // Refused, not found, or a certificate that does not verify.
  if (!isConnected) return new GatewayFault('upstream_connect', error)
  const isProtocol =
    error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError
  return new GatewayFault(isProtocol ? 'upstream_protocol' : 'upstream_reset', error)
}
