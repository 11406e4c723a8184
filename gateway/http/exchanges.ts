/** The exchanges in progress, and on which connection each is. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Exchange } from './exchange.ts'

export interface OpenExchange {
  readonly exchange: Exchange
  readonly request: IncomingMessage
  /** Undefined for an upgrade, which has the connection to itself. */
  readonly response: ServerResponse | undefined
  /** Where it stands among the open ones. */
  place?: number | undefined
}

export class Exchanges {
  /**
   * Not a Set: V8 replaces the table of one that is joined and left all the time, and each old table
   * keeps the next alive, with every exchange in them, until a full collection.
   */
  readonly #open: OpenExchange[] = []
  readonly #latest = new WeakMap<Duplex, Exchange>()

  add(entry: OpenExchange): void {
    entry.place = this.#open.push(entry) - 1
    this.#latest.set(entry.request.socket, entry.exchange)
  }

  remove(entry: OpenExchange): void {
    this.#leave(entry)
    const { socket } = entry.request
    if (this.#latest.get(socket) === entry.exchange) this.#latest.delete(socket)
  }

  /** The latest of a connection; undefined if it waits for a request. */
  on(socket: Duplex): Exchange | undefined {
    return this.#latest.get(socket)
  }

  get size(): number {
    return this.#open.length
  }

  [Symbol.iterator](): Iterator<OpenExchange> {
    return this.#open.values()
  }

  /** The last takes its place, so that nobody else moves. */
  #leave(entry: OpenExchange): void {
    const { place } = entry
    if (place === undefined) return
    entry.place = undefined
    const last = this.#open.pop()
    if (last === undefined || last === entry) return
    last.place = place
    this.#open[place] = last
  }
}
