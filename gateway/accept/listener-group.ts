/**
 * One port with several listening sockets. Node's event loop takes one connection from each socket in a
 * turn (libuv pull request 3696), so that with one socket, and a connection for each call as Inngest's
 * server makes them, every call costs a turn of its own. The kernel spreads connections over the
 * sockets (`SO_REUSEPORT`, socket(7)), and over those of all workers.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

import { closeListener, listen, portOf, type ListenAddress } from './listen.ts'

/** Measured from 1 to 64: docs/decisions/0010-listening-sockets.md */
const SOCKETS = 32

export class ListenerGroup {
  readonly port: number
  readonly #server: HttpServer
  readonly #others: readonly Server[]

  private constructor(server: HttpServer, others: readonly Server[]) {
    this.port = portOf(server)
    this.#server = server
    this.#others = others
  }

  /**
   * @param address of a worker, with the port that the primary has found free.
   * @throws if the port is taken. Nothing listens then.
   */
  static async open(server: HttpServer, address: ListenAddress): Promise<ListenerGroup> {
    // Elsewhere the option may not exist; workers then share one socket, which their primary opens.
    if (process.platform !== 'linux') {
      await listen(server, address)
      return new ListenerGroup(server, [])
    }
    // The kernel gives nobody a port 0 that is shared.
    if (!cluster.isWorker && address.port !== 0) await findFreePort(address)
    await listen(server, { ...address, reusePort: true })
    const group = new ListenerGroup(
      server,
      Array.from({ length: SOCKETS - 1 }, () => feederOf(server)),
    )
    try {
      await group.#openOthers(address.host)
      return group
    } catch (error) {
      void group.close()
      throw error
    }
  }

  async #openOthers(host: string): Promise<void> {
    const at = { host, port: this.port, reusePort: true }
    await Promise.all(this.#others.map((other) => listen(other, at)))
  }

  /** Takes nothing new. @returns when every connection has ended. */
  async close(): Promise<void> {
    const open = [this.#server, ...this.#others].filter(({ listening }) => listening)
    await Promise.all(open.map((each) => closeListener(each)))
  }
}

/** Hands what it accepts to `server`, as if that had (documented for its event `connection`). */
function feederOf(server: HttpServer): Server {
  // As http.Server and https.Server accept their own: TLS has no half of a connection.
  const allowHalfOpen = !(server instanceof TlsServer)
  return createServer({ allowHalfOpen, noDelay: true }, (socket: Socket) => {
    server.emit('connection', socket)
  })
}

/**
 * With `SO_REUSEPORT` a second gateway of the same user could listen on the same port, with a replay
 * cache of its own; without it, only one socket can.
 * @returns the port, or one that is free for 0. @throws if it is taken.
 */
export async function findFreePort(address: ListenAddress): Promise<number> {
  const probe = createServer()
  await listen(probe, address)
  const port = portOf(probe)
  probe.close()
  await once(probe, 'close')
  return port
}
