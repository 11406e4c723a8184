/**
 * The connections of the traffic listener: how many are open, in total and for each address, and
 * what is known of each before its first request.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { formatAddress, parseAddress } from '../checks/address.ts'
import type { ConnectionHead, ProxiedConnection } from '../checks/request-head.ts'

interface OpenConnection {
  readonly socket: Socket
  readonly head: ConnectionHead
  readonly sinceMs: number
}

/** A client that has just connected is about to send. */
const SILENCE_MS = 2000

export class Connections {
  readonly #open = new Map<string, OpenConnection>()
  readonly #perAddress = new Map<string, number>()
  readonly #ending = new WeakSet<Socket>()
  #size = 0
  /** Set when the gateway stops: what is answered from then on ends its connection. */
  areEnding = false

  get size(): number {
    return this.#size
  }

  /** Counted until it closes. */
  add(socket: Socket): void {
    this.#size += 1
    socket.once('close', () => {
      this.#size -= 1
    })
  }

  /** @returns false, and counts nothing, if this address has as many as it may. */
  addForAddress(socket: Socket, address: string, limit: number): boolean {
    const network = networkOf(address)
    const count = this.#perAddress.get(network) ?? 0
    if (count >= limit) return false
    this.#perAddress.set(network, count + 1)
    socket.once('close', () => {
      const left = (this.#perAddress.get(network) ?? 1) - 1
      if (left === 0) this.#perAddress.delete(network)
      else this.#perAddress.set(network, left)
    })
    return true
  }

  /** What requests on this connection will be told of it. */
  describe(socket: Socket, isEncrypted: boolean, proxied: ProxiedConnection | undefined): void {
    const key = endsOf(socket)
    const head = { remoteAddress: socket.remoteAddress, isEncrypted, proxied }
    const entry = { socket, head, sinceMs: performance.now() }
    this.#open.set(key, entry)
    socket.once('close', () => {
      if (this.#open.get(key) === entry) this.#open.delete(key)
    })
  }

  /**
   * @param socket the connection, or the TLS connection on it: both have the same two ends, which no
   * two open connections share.
   */
  headOf(socket: Socket): ConnectionHead {
    const unknown = { remoteAddress: undefined, isEncrypted: false, proxied: undefined }
    return this.#open.get(endsOf(socket))?.head ?? unknown
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

  /** Those that have sent nothing for a while and so lose nothing. */
  closeSilent(): void {
    const nowMs = performance.now()
    for (const { socket, sinceMs } of this.#open.values()) {
      if (socket.bytesRead === 0 && nowMs - sinceMs > SILENCE_MS) socket.destroy()
    }
  }

  /** WebSockets among them, which Node's server does not know any more. */
  destroyAll(): void {
    for (const { socket } of this.#open.values()) socket.destroy()
  }
}

/** Both ends: from one port a peer may come to two addresses that the listener has. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress ?? ''} ${String(remotePort)} ${localAddress ?? ''}`
}

/** A host has a whole IPv6 /64 to take addresses from. */
function networkOf(text: string): string {
  if (!text.includes(':')) return text
  const address = parseAddress(text)
  if (address === undefined) return text
  return address.family === 4 ? formatAddress(address) : `${String(address.value >> 64n)}::/64`
}
