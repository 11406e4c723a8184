/**
 * A TCP proxy that stops passing on for some of its clients: a network that has come apart. What it
 * does not model is the silence of a real one, as it closes what it cuts.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

import { afterEach } from 'vitest'

export interface CutProxy {
  readonly port: number
  /** Who connects from now on stays connected. */
  keepFromNow(): void
  /** Ends the connections of everybody else, and takes no more. */
  cutOff(): void
}

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

export async function startCutProxy(targetPort: number): Promise<CutProxy> {
  const toCut = new Set<Socket>()
  const kept = new Set<Socket>()
  let joins = toCut
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    const clients = joins.add(client)
    for (const [one, other] of [[client, target] as const, [target, client] as const]) {
      one.on('error', () => undefined).on('close', () => other.destroy())
      one.pipe(other)
    }
    client.on('close', () => clients.delete(client))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cutOff = () => {
    server.close()
    for (const client of toCut) client.destroy()
  }
  ends.push(() => {
    cutOff()
    for (const client of kept) client.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    keepFromNow: () => {
      joins = kept
    },
    cutOff,
  }
}
