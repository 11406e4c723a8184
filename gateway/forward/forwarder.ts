/** Sends an admitted request to its app and streams the answer back as it comes. */
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

import { buildConnector, Pool, type Dispatcher } from 'undici'

import type { AdmittedRequest } from '../admit/admit.ts'
import type { Body } from '../inngest/body.ts'
import type { RoutePolicy, UpstreamPolicy } from '../admit/policy.ts'
import { AnswerRelay, type ForwardEvents } from './response-handler.ts'
import { keepRequestFields } from './header-filter.ts'
import { SharedResources } from './shared-resources.ts'
import { upstreamFields } from './upstream-request.ts'
import { certificateCheckOf, certificateNameOf } from './upstream-tls.ts'

export interface ForwarderOptions {
  readonly connectTimeoutMs: number
  /** Longest silence of the app, before its head and between any two parts of its body. */
  readonly responseTimeoutMs: number
}

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
      this.#upstreams.set(route, { pool, serverName: certificateNameOf(route.upstream) })
    }
  }

  /**
   * @returns the app's status, when its whole answer has been passed on. @throws GatewayFault
   */
  forward(
    request: AdmittedRequest,
    requestId: string,
    response: ServerResponse,
    events: ForwardEvents,
  ): Promise<number> {
    const { route, head, body } = request
    const upstream = this.#upstreams.get(route)
    if (upstream === undefined) throw new Error(`route ${route.name} has no pool`)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const signed = body.take()
    const fields = upstreamFields(request, keepRequestFields(head.rawHeaders), requestId)
    const isLarge = signed.byteLength > LARGE_BODY_BYTES
    if (isLarge) fields.push('content-length', String(signed.byteLength))
    const call: DispatchToServer = {
      // The same bytes that were matched: nothing is decoded and encoded again.
      path: head.target,
      method: head.method,
      headers: fields,
      body: isLarge ? lettingGo(signed) : bytesOrNone(head, signed.whole()),
      // undici would take the certificate's name from `Host`, which the sender chose.
      servername: upstream.serverName,
    }
    upstream.pool.dispatch(call, new AnswerRelay(head.method, response, events, resolve, reject))
    return promise
  }

  close(): void {
    for (const { pool } of this.#upstreams.values()) this.#shared.release(pool)
  }
}

/** What undici takes, though its types leave the name out. */
type DispatchToServer = Dispatcher.DispatchOptions & { readonly servername: string }

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

function createPool({ upstream, options }: PoolSpecification): Pool {
  return new Pool(upstream.origin, {
    // undici offers HTTP/2 by itself, and then tells of no field of the answer as it came.
    allowH2: false,
    headersTimeout: options.responseTimeoutMs,
    bodyTimeout: options.responseTimeoutMs,
    connect: createConnector(upstream, options),
  })
}

function createConnector(
  upstream: UpstreamPolicy,
  options: ForwarderOptions,
): buildConnector.connector {
  const { ca, cert, key } = upstream.tls
  const { servername, checkServerIdentity } = certificateCheckOf(upstream)
  const connect = buildConnector({
    // The pool's own setting does not reach a connector that is made here.
    allowH2: false,
    timeout: options.connectTimeoutMs,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    checkServerIdentity,
    ...(upstream.socketPath !== undefined && { socketPath: upstream.socketPath }),
  })
  // undici tells its connections apart by a request's server name, so each request carries one.
  return (at, done) => {
    connect({ ...at, servername }, done)
  }
}
