/** The connections to one app: one for each call in flight, opened on demand and kept for a while afterwards. */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { OpenList } from '../accept/open-list.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { UpstreamPolicy } from '../admit/policy.ts'
import { withoutBrackets } from '../ip/authority.ts'
import { SharedResources } from './shared-resources.ts'
import type { UpstreamCall } from './upstream-call.ts'
import { UpstreamConnection, type ConnectionOwner } from './upstream-connection.ts'
import { certificateCheckOf } from './upstream-tls.ts'

export interface UpstreamOptions {
  readonly connectTimeoutMs: number
  /** The longest time without a byte from the app, before and within its response. */
  readonly responseTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly keepAliveTimeoutMs: number
  readonly maxResponseHeaderBytes: number
}

/**
 * Verified and unverified requests never share a connection. If an app misreads the end of an unverified request,
 * its rest must not become part of a verified one.
 */
export type RequestUse = 'verified' | 'open'

interface PoolSpecification {
  readonly use: RequestUse
  readonly upstream: UpstreamPolicy
  readonly options: UpstreamOptions
}

export type UpstreamPools = SharedResources<PoolSpecification, UpstreamPool>

/** @param onUnexpectedBytes called when an app has sent bytes that belong to no response. */
export function createUpstreamPools(onUnexpectedBytes: () => void): UpstreamPools {
  return new SharedResources(
    ({ upstream, options }) => new UpstreamPool(upstream, options, onUnexpectedBytes),
    (pool) => {
      pool.close()
    },
  )
}

export class UpstreamPool {
  readonly #upstream: UpstreamPolicy
  readonly #options: UpstreamOptions
  readonly #owner: ConnectionOwner
  readonly #connections = new OpenList<UpstreamConnection>()
  /** The most recently used connection is used first, so that the others can time out. */
  readonly #idle: UpstreamConnection[] = []
  readonly #timer: NodeJS.Timeout
  #isClosed = false

  constructor(upstream: UpstreamPolicy, options: UpstreamOptions, onUnexpectedBytes: () => void) {
    this.#upstream = upstream
    this.#options = options
    this.#owner = {
      onIdle: (connection) => {
        if (this.#isClosed) connection.destroy()
        else this.#idle.push(connection)
      },
      onClosed: (connection) => {
        this.#connections.remove(connection)
        const place = this.#idle.indexOf(connection)
        if (place >= 0) this.#idle.splice(place, 1)
      },
      onRetry: (call) => {
        this.#connect(call)
      },
      onUnexpectedBytes,
    }
    const { responseTimeoutMs, keepAliveTimeoutMs } = options
    const everyMs = Math.max(10, Math.min(responseTimeoutMs, keepAliveTimeoutMs, 5000) / 10)
    this.#timer = setInterval(this.#look, everyMs).unref()
  }

  send(call: UpstreamCall): void {
    for (
      let connection = this.#idle.pop();
      connection !== undefined;
      connection = this.#idle.pop()
    ) {
      if (!connection.isUsable) continue
      connection.send(call)
      return
    }
    this.#connect(call)
  }

  /** Idle connections end at once, the others after their call. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const connection of [...this.#idle]) connection.destroy()
  }

  /** One timer for all: a timer for each call would cost more than most other parts of forwarding. */
  readonly #look = (): void => {
    const nowMs = performance.now()
    const { responseTimeoutMs, keepAliveTimeoutMs } = this.#options
    for (const connection of [...this.#connections]) {
      const { call, isActive } = connection
      // The app is not at fault if the client does not read; stall-watch.ts handles such clients.
      if (isActive || call?.isPaused === true) {
        connection.isActive = false
        connection.activeMs = nowMs
        continue
      }
      const silentMs = nowMs - connection.activeMs
      if (call !== undefined) {
        if (silentMs > responseTimeoutMs) connection.timedOut()
      } else if (silentMs > Math.min(keepAliveTimeoutMs, connection.keepAliveMs ?? Infinity)) {
        connection.destroy()
      }
    }
  }

  #connect(call: UpstreamCall): void {
    const socket = this.#open()
    const fail = (code: 'upstream_connect' | 'upstream_timeout', error?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      if (call.isAborted) return
      call.ended()
      // Nothing of the request was written.
      call.handler.onFault(new GatewayFault(code, error, true))
    }
    const timer = setTimeout(() => {
      fail('upstream_timeout')
    }, this.#options.connectTimeoutMs)
    // An attempt ends with its client: attempts are counted nowhere and must not accumulate.
    call.connecting(() => {
      socket.destroy()
    })
    const onError = (error: Error) => {
      fail('upstream_connect', error)
    }
    const onClose = () => {
      onError(new Error('closed while connecting'))
    }
    socket.once('error', onError).once('close', onClose)
    socket.once(this.#isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose)
      this.#begin(socket, call)
    })
  }

  #begin(socket: Socket, call: UpstreamCall): void {
    const connection = new UpstreamConnection(
      socket,
      this.#options.maxResponseHeaderBytes,
      this.#owner,
    )
    this.#connections.add(connection)
    connection.send(call)
  }

  get #isTls(): boolean {
    return this.#upstream.origin.startsWith('https:')
  }

  #open(): Socket {
    const { origin, socketPath, tls } = this.#upstream
    const { hostname, port } = new URL(origin)
    const at =
      socketPath === undefined
        ? { host: withoutBrackets(hostname), port: Number(port || (this.#isTls ? 443 : 80)) }
        : { path: socketPath }
    // An app may end its side of a connection and still read (RFC 9112 9.6).
    const options = { ...at, noDelay: true, allowHalfOpen: true }
    if (!this.#isTls) return connectPlain(options)
    const { ca, cert, key } = tls
    return connectTls({
      ...options,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...certificateCheckOf(this.#upstream),
      ALPNProtocols: ['http/1.1'],
      // Also with NODE_TLS_REJECT_UNAUTHORIZED=0.
      rejectUnauthorized: true,
    })
  }
}
