/**
 * The connections of a listener: how many are open, in total and for each address, and
 * what is known of each before its first request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { formatAddress, parseAddress } from '../checks/address.ts'
import type { ConnectionHead, ProxiedConnection } from '../checks/request-head.ts'
import { OpenList, type Listed } from './open-list.ts'

interface OpenConnection extends Listed {
  readonly socket: Socket
  readonly sinceMs: number
  head: ConnectionHead
  /** Whose share it is counted in; undefined if in nobody's. */
  network: string | undefined
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

export class Connections {
  readonly #open = new OpenList<OpenConnection>()
  /** Those that TLS is on, by their two ends, which no two open connections share. */
  readonly #encrypted = new Map<string, OpenConnection>()
  readonly #perNetwork = new Map<string, number>()
  readonly #ending = new WeakSet<Socket>()
  /** Set when the gateway stops: what is answered from then on ends its connection. */
  areEnding = false
  /** Set when it has left its port: another gateway may be there, which knows nothing of what is claimed here. */
  takeNothingNew = false

  get size(): number {
    return this.#open.size
  }

  /** Counted until it closes. */
  add(socket: DescribedSocket, isEncrypted: boolean): void {
    const head = { remoteAddress: socket.remoteAddress, isEncrypted, proxied: undefined }
    const sinceMs = performance.now()
    const entry = { socket, head, sinceMs, network: undefined, unusedSinceMs: undefined }
    socket[described] = entry
    this.#open.add(entry)
    const ends = isEncrypted ? endsOf(socket) : undefined
    if (ends !== undefined) this.#encrypted.set(ends, entry)
    socket.on('close', () => {
      this.#open.remove(entry)
      this.#leaveShare(entry)
      if (ends !== undefined && this.#encrypted.get(ends) === entry) this.#encrypted.delete(ends)
    })
  }

  /** @returns false, and counts nothing, if this address has as many as it may. */
  takeShare(socket: DescribedSocket, address: string, limit: number): boolean {
    const entry = socket[described]
    const network = networkOf(address)
    const count = this.#perNetwork.get(network) ?? 0
    if (entry?.place === undefined || count >= limit) return false
    this.#perNetwork.set(network, count + 1)
    entry.network = network
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

  #leaveShare({ network }: OpenConnection): void {
    if (network === undefined) return
    const left = (this.#perNetwork.get(network) ?? 1) - 1
    if (left === 0) this.#perNetwork.delete(network)
    else this.#perNetwork.set(network, left)
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

/** A host has a whole IPv6 /64 to take addresses from. */
export function networkOf(text: string): string {
  if (!text.includes(':')) return text
  const address = parseAddress(text)
  if (address === undefined) return text
  return address.family === 4 ? formatAddress(address) : `${String(address.value >> 64n)}::/64`
}
