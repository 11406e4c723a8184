/**
 * A network between clients and a server, as a TCP proxy: it can come apart, and it can be slow. What
 * it does not model is the silence of a real one, as it closes what it cuts.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach } from 'vitest'

export interface Network {
  /** Of the server, as its clients see it. */
  readonly port: number
  /** Who connects from now on stays connected. */
  keepFromNow(): void
  /** Ends the connections of everybody else, and takes no more. */
  cutOff(): void
  /** How long each answer takes from now on. */
  setDelay(delayMs: number): void
  /** Keeps what the server answers from now on. */
  hold(): void
  /** Hands on what was kept, and all that follows. */
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
    // In order, even if the later is the faster.
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
