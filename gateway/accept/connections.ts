/**
 * The connections of a listener: how many are open, in total and for each address, and
 * what is known of each before its first request.
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
  /** Undefined before HTTP has it. */
  client: ClientConnection | undefined
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

/** A client that has just connected is about to send, and one that got a response about to read it. */
const GRACE_MS = 2000

/** How late a connection may be found to have been silent for too long. */
const LOOK_EVERY_MS = 100

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
  #timer: NodeJS.Timeout | undefined
  /** Set when the gateway stops: each response from then on ends its connection. */
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

  /** HTTP is spoken on it from now on. @param client on the connection, or on the TLS connection on it. */
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
   * Those without a call for a while: silent, idle, or with headers that are never complete. At once those that
   * wait for another request behind a response.
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

  /** WebSockets among them. */
  destroyAll(): void {
    for (const { socket } of this.#open) socket.destroy()
  }
}

/** Both ends: from one port a peer may come to two addresses that the listener has. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress ?? ''} ${String(remotePort)} ${localAddress ?? ''}`
}
