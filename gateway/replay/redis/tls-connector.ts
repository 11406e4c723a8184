/** How ioredis is to connect to a server that speaks TLS. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'

import { AbstractConnector } from 'ioredis'

/** What ioredis makes one with, of which these are used. */
interface ConnectorOptions {
  readonly host: string
  readonly port: number
  readonly tls: ConnectionOptions
  readonly disconnectTimeout: number
}

/**
 * ioredis's own connector listens for the first socket error only. A server whose certificate is refused
 * can cause a second one by its alert, which would be thrown and end the process.
 */
export class TlsConnector extends AbstractConnector {
  readonly #at: ConnectionOptions

  constructor(options: unknown) {
    const { host, port, tls, disconnectTimeout } = options as ConnectorOptions
    super(disconnectTimeout)
    this.#at = { host, port, ...tls }
  }

  connect(): Promise<TLSSocket> {
    this.connecting = true
    const socket = connect(this.#at)
    socket.on('error', (error) => {
      this.firstError ??= error
    })
    this.stream = socket
    return Promise.resolve(socket)
  }
}
