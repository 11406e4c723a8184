/**
 * The connections of a listener: how many are open, in total and for each address, and
 * what is known of each before its first request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { ConnectionHead } from '../admit/request-head.ts'
import type { ProxiedConnection } from '../ip/proxy-protocol.ts'
import { NetworkCounts, networkOf } from './network-counts.ts'
import { OpenList, type Listed } from '../exchange/open-list.ts'

interface OpenConnection extends Listed {
  readonly socket: Socket
  readonly sinceMs: number
  head: ConnectionHead
  /** Whose share it is counted in; undefined if in nobody's. */
  network: string | undefined
  /** It was refused, so it takes no place of the others while it closes. */
  isRefused: boolean
  /** The network whose share of the answered refusals it is counted in. */
  answeredNetwork: string | undefined
  /** While the gateway stops: since when there is no call on it. */
  unusedSinceMs: number | undefined
}

/** Kept on the socket: a look-up by both ends costs a system call. */
const described = Symbol('described connection')

interface DescribedSocket extends Socket {
  [described]?: OpenConnection | undefined
}

const UNKNOWN: ConnectionHead = { remoteAddress: undefined, isEncrypted: false, proxied: undefined }

/** A client that has just connected is about to send, and one that was answered about to read. */
const GRACE_MS = 2000

/**
 * A refused connection that gets an answer is kept for a while (linger.ts). Those are not counted in
 * `limits`, so they have limits of their own; a refusal beyond these is closed without an answer.
 */
const MAX_ANSWERED_REFUSALS = 100
const MAX_ANSWERED_REFUSALS_PER_NETWORK = 20

export class Connections {
  readonly #open = new OpenList<OpenConnection>()
  /** Those that TLS is on, by their two ends, which no two open connections share. */
  readonly #encrypted = new Map<string, OpenConnection>()
  readonly #perNetwork = new NetworkCounts()
  readonly #answered = new NetworkCounts()
  #refused = 0
  readonly #ending = new WeakSet<Socket>()
  /** Set when the gateway stops: what is answered from then on ends its connection. */
  areEnding = false
  /** Set when it has left its port: another gateway may be there, which knows nothing of what is claimed here. */
  takeNothingNew = false

  get size(): number {
    return this.#open.size
  }

  /** Those that count in `limits.maxConnections`: all but the refused ones that are closing. */
  get held(): number {
    return this.#open.size - this.#refused
  }

  /** Counted until it closes. */
  add(socket: DescribedSocket, isEncrypted: boolean): void {
    const head = { remoteAddress: socket.remoteAddress, isEncrypted, proxied: undefined }
    const sinceMs = performance.now()
    const entry: OpenConnection = {
      socket,
      head,
      sinceMs,
      network: undefined,
      isRefused: false,
      answeredNetwork: undefined,
      unusedSinceMs: undefined,
    }
    socket[described] = entry
    this.#open.add(entry)
    const ends = isEncrypted ? endsOf(socket) : undefined
    if (ends !== undefined) this.#encrypted.set(ends, entry)
    socket.on('close', () => {
      this.#open.remove(entry)
      this.#release(entry)
      if (ends !== undefined && this.#encrypted.get(ends) === entry) this.#encrypted.delete(ends)
    })
  }

  /** @returns false, and counts nothing, if this address has as many as it may. */
  takeShare(socket: DescribedSocket, address: string, limit: number): boolean {
    const entry = socket[described]
    const network = networkOf(address)
    if (entry?.place === undefined || !this.#perNetwork.take(network, limit)) return false
    entry.network = network
    return true
  }

  /**
   * Takes a refused connection out of the count, so that its closing keeps nobody else out.
   * @returns whether it may be kept for an answer to be read.
   */
  refuse(socket: DescribedSocket, address: string): boolean {
    const entry = socket[described]
    if (entry?.place === undefined || entry.isRefused) return false
    entry.isRefused = true
    this.#refused += 1
    if (this.#answered.total >= MAX_ANSWERED_REFUSALS) return false
    const network = networkOf(address)
    if (!this.#answered.take(network, MAX_ANSWERED_REFUSALS_PER_NETWORK)) return false
    entry.answeredNetwork = network
    return true
  }

  /** What its proxy said of it, for the requests on it to be told. */
  describeProxied(socket: DescribedSocket, proxied: ProxiedConnection): void {
    const entry = socket[described]
    if (entry !== undefined) entry.head = { ...entry.head, proxied }
  }

  /** @param socket the connection, or the TLS connection on it. */
  headOf(socket: DescribedSocket): ConnectionHead {
    return this.#entryOf(socket)?.head ?? UNKNOWN
  }

  #entryOf(socket: DescribedSocket): OpenConnection | undefined {
    socket[described] ??= this.#encrypted.get(endsOf(socket))
    return socket[described]
  }

  #release({ network, isRefused, answeredNetwork }: OpenConnection): void {
    if (network !== undefined) this.#perNetwork.leave(network)
    if (answeredNetwork !== undefined) this.#answered.leave(answeredNetwork)
    if (isRefused) this.#refused -= 1
  }

  /** Makes an answer the last of its connection, unless another is promised already. */
  endWith(response: ServerResponse): void {
    if (response.headersSent) return
    response.shouldKeepAlive = false
    this.#ending.add(response.req.socket)
  }

  /** The last request that gets an answer has come (RFC 9112 9.6). */
  isEnding(socket: Socket): boolean {
    return this.#ending.has(socket)
  }

  /**
   * Those without a call for a while: silent, idle, or with a head that is never whole.
   * @param open the calls in progress.
   */
  closeUnused(open: Iterable<{ readonly request: IncomingMessage }>): void {
    const nowMs = performance.now()
    const used = new Set<OpenConnection | undefined>()
    for (const { request } of open) used.add(this.#entryOf(request.socket))
    for (const entry of this.#open) {
      const { socket, sinceMs } = entry
      if (used.has(entry)) entry.unusedSinceMs = undefined
      else entry.unusedSinceMs ??= socket.bytesRead === 0 ? sinceMs : nowMs
      if (nowMs - (entry.unusedSinceMs ?? nowMs) > GRACE_MS) socket.destroy()
    }
  }

  /** WebSockets among them, which Node's server does not know any more. */
  destroyAll(): void {
    for (const { socket } of this.#open) socket.destroy()
  }
}

/** Both ends: from one port a peer may come to two addresses that the listener has. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress ?? ''} ${String(remotePort)} ${localAddress ?? ''}`
}
