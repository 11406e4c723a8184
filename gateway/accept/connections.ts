/**
 * The connections of a listener: how many are open, in total and for each address, and what is known about
 * each before its first request.
 */
import type { Socket } from 'node:net'

import type { ConnectionHead } from '../admit/request-head.ts'
import type { ProxiedConnection } from '../ip/proxy-protocol.ts'
import { NetworkCounts, networkOf } from './network-counts.ts'
import type { ClientConnection } from './client-connection.ts'
import { OpenList, type Listed } from './open-list.ts'

interface OpenConnection extends Listed {
  readonly socket: Socket
  head: ConnectionHead
  /** Undefined before HTTP takes the connection. */
  client: ClientConnection | undefined
  /** The client network that it counts for; undefined if for none. */
  network: string | undefined
  /** It was refused, so it does not count while it closes. */
  isRefused: boolean
  /** The network that it counts for among the refusals with a response. */
  answeredNetwork: string | undefined
  /** While the gateway stops: since when it has no request. */
  unusedSinceMs: number | undefined
}

/** Kept on the socket, because a look-up by its two ends would cost a system call. */
const described = Symbol('described connection')

interface DescribedSocket extends Socket {
  [described]?: OpenConnection | undefined
}

const UNKNOWN: ConnectionHead = { remoteAddress: undefined, isEncrypted: false, proxied: undefined }

/** A client that has just connected is about to send; a client with a new response is about to read it. */
const GRACE_MS = 2000

/** The interval of checks for silent connections. */
const LOOK_EVERY_MS = 100

/**
 * A refused connection that gets a response is kept for a while (linger.ts). These are not counted in `limits`,
 * so they have limits of their own. Beyond these, a refused connection is closed without a response.
 */
const MAX_ANSWERED_REFUSALS = 100
const MAX_ANSWERED_REFUSALS_PER_NETWORK = 20

export class Connections {
  readonly #open = new OpenList<OpenConnection>()
  /** The connections with TLS, by their two ends, which identify an open connection. */
  readonly #encrypted = new Map<string, OpenConnection>()
  readonly #perNetwork = new NetworkCounts()
  readonly #answered = new NetworkCounts()
  #refused = 0
  #timer: NodeJS.Timeout | undefined
  /** Set when the gateway stops: from then on each response is the last one on its connection. */
  areEnding = false
  /** Set when the port is closed: another gateway may listen there, and it does not know the claims of this one. */
  takeNothingNew = false

  get size(): number {
    return this.#open.size
  }

  /** The number that counts for `limits.maxConnections`: all but the refused ones that are closing. */
  get held(): number {
    return this.#open.size - this.#refused
  }

  /** Counted until it closes. */
  add(socket: DescribedSocket, isEncrypted: boolean): void {
    const head = { remoteAddress: socket.remoteAddress, isEncrypted, proxied: undefined }
    const entry: OpenConnection = {
      socket,
      head,
      client: undefined,
      network: undefined,
      isRefused: false,
      answeredNetwork: undefined,
      unusedSinceMs: undefined,
    }
    socket[described] = entry
    this.#open.add(entry)
    this.#timer ??= setInterval(this.#look, LOOK_EVERY_MS).unref()
    const ends = isEncrypted ? endsOf(socket) : undefined
    if (ends !== undefined) this.#encrypted.set(ends, entry)
    socket.on('close', () => {
      this.#open.remove(entry)
      this.#release(entry)
      if (ends !== undefined && this.#encrypted.get(ends) === entry) this.#encrypted.delete(ends)
    })
  }

  /** @returns false, and counts nothing, if this address has reached its limit. */
  takeShare(socket: DescribedSocket, address: string, limit: number): boolean {
    const entry = socket[described]
    const network = networkOf(address)
    if (entry?.place === undefined || !this.#perNetwork.take(network, limit)) return false
    entry.network = network
    return true
  }

  /**
   * Stops counting a refused connection, so that it takes no place of others while it closes.
   * @returns whether it may be kept until the client has read a response.
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

  /** Keeps what the PROXY header says, for the requests on the connection. */
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

  /** HTTP begins. @param client on the connection, or on the TLS connection on it. */
  begin(client: ClientConnection): void {
    const entry = this.#entryOf(client.socket)
    if (entry !== undefined) entry.client = client
  }

  readonly #look = (): void => {
    const nowMs = performance.now()
    for (const { client } of [...this.#open]) {
      if (client !== undefined && nowMs > client.deadlineMs) client.timedOut()
    }
    if (this.#open.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /**
   * Closes connections that have had no request for a while: silent, or with incomplete headers. Those that are
   * idle after a response are closed at once.
   */
  closeUnused(): void {
    const nowMs = performance.now()
    for (const entry of [...this.#open]) {
      const { socket, client } = entry
      if (client?.isServing === true) entry.unusedSinceMs = undefined
      else entry.unusedSinceMs ??= nowMs
      const isIdle = client?.hasServed === true && client.isIdle
      if (isIdle || nowMs - (entry.unusedSinceMs ?? nowMs) > GRACE_MS) socket.destroy()
    }
  }

  /** Closes all, WebSockets included. */
  destroyAll(): void {
    for (const { socket } of this.#open) socket.destroy()
  }
}

/** Both ends, because one port of a peer may have connections to two addresses of the listener. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress ?? ''} ${String(remotePort)} ${localAddress ?? ''}`
}
