/** Joins two connections after an upgrade: bytes are copied in both directions without being read. */
import type { Socket } from 'node:net'

export interface TunnelEnd {
  readonly socket: Socket
  /** The bytes that have already arrived on it. */
  readonly first: Buffer
}

/** @param onEnded called when both have closed. */
export function joinTunnel(client: TunnelEnd, app: TunnelEnd, onEnded: () => void): void {
  if (client.first.length > 0) app.socket.write(client.first)
  if (app.first.length > 0) client.socket.write(app.first)
  // `pipe` reads no faster than the other side takes, and forwards the end of each direction.
  client.socket.pipe(app.socket)
  app.socket.pipe(client.socket)
  client.socket.once('close', () => {
    app.socket.destroy()
    onEnded()
  })
  app.socket.once('close', () => {
    client.socket.destroySoon()
  })
}
