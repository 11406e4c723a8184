/** Opens a listener, and returns its address. */
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

export interface ListenAddress {
  readonly host: string
  /** 0 selects a free one. */
  readonly port: number
}

/**
 * @param address with `reusePort`, other sockets of this user with `reusePort` may listen there, too.
 * @throws if the port is taken.
 */
export async function listen(
  server: Server,
  { host, port, reusePort = false }: ListenAddress & { readonly reusePort?: boolean },
): Promise<void> {
  server.listen({ host, port, reusePort })
  await once(server, 'listening')
}

/** Accepts no more connections. Resolves when every connection has ended. */
export async function closeListener(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  await closed
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
