/** What the peers of the ops listener can hold of it: so many connections, for so long. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

import { networkOf } from '../http/network-counts.ts'

/** Only scrapers, probes and a few browsers come here. */
const MAX_CONNECTIONS = 200
const MAX_CONNECTIONS_PER_ADDRESS = 50

interface Held {
  readonly socket: Socket
  readonly network: string
}

/**
 * The oldest makes room for the newest: who comes with a request is answered and gone, so what is old
 * is silent or does not read. A probe is served even beside a flood from its own address.
 */
export function boundConnections(server: Server): void {
  const open = new Set<Held>()
  server.on('connection', (socket: Socket) => {
    const held = { socket, network: networkOf(socket.remoteAddress ?? '') }
    open.add(held)
    socket.once('close', () => open.delete(held))
    const tooMany = whatIsFull(open, held.network)
    const [oldest] = tooMany
    if (oldest === undefined) return
    open.delete(oldest)
    oldest.socket.destroy()
  })
}

/** @returns of whom one has to go, oldest first; empty if there is room. */
function whatIsFull(open: ReadonlySet<Held>, network: string): readonly Held[] {
  const ofNetwork = [...open].filter((held) => held.network === network)
  if (ofNetwork.length > MAX_CONNECTIONS_PER_ADDRESS) return ofNetwork
  return open.size > MAX_CONNECTIONS ? [...open] : []
}

/** Hangs up on a request whose answer is not made and read within the time. */
export function boundAnswer(socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs)
  socket.once('close', () => {
    clearTimeout(timer)
  })
}
