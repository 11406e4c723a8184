/**
 * A network between clients and a server, as a TCP proxy that can be cut or slow. Unlike a real network it
 * closes the connections that it cuts.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach } from 'vitest'

export interface Network {
  /** The server's port for its clients. */
  readonly port: number
  /** Connections from now on are not cut. */
  keepFromNow(): void
  /** Ends all other connections, and accepts no more. */
  cutOff(): void
  /** Delays each response from now on. */
  setDelay(delayMs: number): void
  /** Holds the server's responses back from now on. */
  hold(): void
  /** Sends the held responses, and all that follow. */
  letGo(): void
}

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

export async function startNetwork(serverPort: number): Promise<Network> {
  const [toCut, kept] = [new Set<Socket>(), new Set<Socket>()]
  let joins = toCut
  let delayMs = 0
  let held: PromiseWithResolvers<void> | undefined
  const listener = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1')
    const clients = joins.add(client)
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      one.on('error', () => undefined).on('close', () => other.destroy())
    }
    client.pipe(server)
    // In order, even if a later one is faster.
    let before = Promise.resolve()
    server.on('data', (chunk) => {
      const wait = delayMs === 0 ? undefined : sleep(delayMs)
      before = Promise.all([before, wait, held?.promise]).then(() => void client.write(chunk))
    })
    client.on('close', () => clients.delete(client))
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const cutOff = () => {
    listener.close()
    for (const client of toCut) client.destroy()
  }
  ends.push(() => {
    cutOff()
    for (const client of kept) client.destroy()
  })
  return {
    port: (listener.address() as AddressInfo).port,
    keepFromNow: () => {
      joins = kept
    },
    cutOff,
    setDelay: (ms) => {
      delayMs = ms
    },
    hold: () => {
      held ??= Promise.withResolvers()
    },
    letGo: () => {
      held?.resolve()
      held = undefined
    },
  }
}
