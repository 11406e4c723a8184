/** The exchanges in progress, and on which connection each is. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Exchange } from './exchange.ts'
import { OpenList, type Listed } from './open-list.ts'

export interface OpenExchange extends Listed {
  readonly exchange: Exchange
  readonly request: IncomingMessage
  /** Undefined for an upgrade, which has the connection to itself. */
  readonly response: ServerResponse | undefined
}

/** Kept on the connection: a WeakMap costs the collector more. */
const latest = Symbol('latest exchange')

/** And how many are on it. */
const count = Symbol('open exchanges')

interface Connection extends Duplex {
  [latest]?: Exchange | undefined
  [count]?: number
}

export class Exchanges {
  readonly #open = new OpenList<OpenExchange>()

  add(entry: OpenExchange): void {
    this.#open.add(entry)
    const connection: Connection = entry.request.socket
    connection[latest] = entry.exchange
    connection[count] = this.countOn(connection) + 1
  }

  remove(entry: OpenExchange): void {
    this.#open.remove(entry)
    const connection: Connection = entry.request.socket
    if (connection[latest] === entry.exchange) connection[latest] = undefined
    connection[count] = this.countOn(connection) - 1
  }

  /** The latest of a connection; undefined if it waits for a request. */
  on(connection: Connection): Exchange | undefined {
    return connection[latest]
  }

  /** More than one where requests are sent without waiting for answers. */
  countOn(connection: Connection): number {
    return connection[count] ?? 0
  }

  [Symbol.iterator](): Iterator<OpenExchange> {
    return this.#open[Symbol.iterator]()
  }
}
