/**
 * One port with several listening sockets. In a turn, Node's event loop accepts one connection from each
 * socket (libuv pull request 3696). Inngest's server opens a connection for each call, so with one socket
 * every call would cost a turn of its own. The kernel distributes connections over the sockets
 * (`SO_REUSEPORT`, socket(7)), including those of other workers.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

import { closeListener, listen, portOf, type ListenAddress } from './listen.ts'

/** Measured from 1 to 64: docs/decisions/0010-listening-sockets.md */
const SOCKETS = 32

export interface GroupOptions {
  /** Whether a client that has ended its side still receives the response. */
  readonly allowHalfOpen: boolean
  readonly onConnection: (socket: Socket) => void
  readonly sockets?: number | undefined
}

export class ListenerGroup {
  readonly port: number
  readonly #servers: readonly Server[]

  private constructor(servers: readonly [Server, ...Server[]]) {
    this.port = portOf(servers[0])
    this.#servers = servers
  }

  /**
   * @param address of a worker, with the port that the primary has found free.
   * @throws if the port is taken. Nothing listens then.
   */
  static async open(
    address: ListenAddress,
    { allowHalfOpen, onConnection, sockets = SOCKETS }: GroupOptions,
  ): Promise<ListenerGroup> {
    const create = () => createServer({ allowHalfOpen, noDelay: true }, onConnection)
    const first = create()
    // Other systems may lack the option. Workers then share one socket, which their primary opens.
    if (process.platform !== 'linux' || sockets === 1) {
      await listen(first, address)
      return new ListenerGroup([first])
    }
    // Port 0 cannot be shared: the kernel would select another port for each socket.
    if (!cluster.isWorker && address.port !== 0) await findFreePort(address)
    await listen(first, { ...address, reusePort: true })
    const at = { host: address.host, port: portOf(first), reusePort: true }
    const others = Array.from({ length: sockets - 1 }, create)
    const group = new ListenerGroup([first, ...others])
    try {
      await Promise.all(others.map((other) => listen(other, at)))
      return group
    } catch (error) {
      void group.close()
      throw error
    }
  }

  /** Accepts no more connections. Resolves when every connection has ended. */
  async close(): Promise<void> {
    const open = this.#servers.filter(({ listening }) => listening)
    await Promise.all(open.map((each) => closeListener(each)))
  }
}

/**
 * With `SO_REUSEPORT`, a second gateway of the same user could listen on the same port with a replay cache of
 * its own. So the port is first opened without the option, which fails if any socket listens there.
 * @returns the port, or a free one for 0. @throws if the port is taken.
 */
export async function findFreePort(address: ListenAddress): Promise<number> {
  const probe = createServer()
  await listen(probe, address)
  const port = portOf(probe)
  probe.close()
  await once(probe, 'close')
  return port
}
