/** The exchanges in progress, and on which connection each is. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Exchange } from './exchange.ts'

export interface OpenExchange {
  readonly exchange: Exchange
  readonly request: IncomingMessage
  /** Undefined for an upgrade, which has the connection to itself. */
  readonly response: ServerResponse | undefined
}

export class Exchanges {
  readonly #open = new Set<OpenExchange>()
  readonly #latest = new WeakMap<Duplex, Exchange>()

  add(entry: OpenExchange): void {
    this.#open.add(entry)
    this.#latest.set(entry.request.socket, entry.exchange)
  }

  remove(entry: OpenExchange): void {
    this.#open.delete(entry)
    const { socket } = entry.request
    if (this.#latest.get(socket) === entry.exchange) this.#latest.delete(socket)
  }

  /** The latest of a connection; undefined if it waits for a request. */
  on(socket: Duplex): Exchange | undefined {
    return this.#latest.get(socket)
  }

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<OpenExchange> {
    return this.#open.values()
  }
}
