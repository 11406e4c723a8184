/** Opens a listener, and says where it is. */
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

export interface ListenAddress {
  readonly host: string
  /** 0 takes one that is free. */
  readonly port: number
}

/**
 * @param address with `reusePort`, others of this user may listen there too, if they say the same.
 * @throws if the port is taken.
 */
export async function listen(
  server: Server,
  { host, port, reusePort = false }: ListenAddress & { readonly reusePort?: boolean },
): Promise<void> {
  server.listen({ host, port, reusePort })
  await once(server, 'listening')
}

/** Takes nothing new. @returns when every connection has ended. */
export async function closeListener(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  await closed
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
