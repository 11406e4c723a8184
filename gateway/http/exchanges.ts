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

interface Connection extends Duplex {
  [latest]?: Exchange | undefined
}

export class Exchanges {
  readonly #open = new OpenList<OpenExchange>()

  add(entry: OpenExchange): void {
    this.#open.add(entry)
    const connection: Connection = entry.request.socket
    connection[latest] = entry.exchange
  }

  remove(entry: OpenExchange): void {
    this.#open.remove(entry)
    const connection: Connection = entry.request.socket
    if (connection[latest] === entry.exchange) connection[latest] = undefined
  }

  /** The latest of a connection; undefined if it waits for a request. */
  on(connection: Connection): Exchange | undefined {
    return connection[latest]
  }

  [Symbol.iterator](): Iterator<OpenExchange> {
    return this.#open[Symbol.iterator]()
  }
}
