/** Two connections that speak another protocol with each other: bytes in both directions, none of them looked at. */
import type { Socket } from 'node:net'

export interface TunnelEnd {
  readonly socket: Socket
  /** What has arrived on it already. */
  readonly first: Buffer
}

/** @param onEnded called when both have closed. */
export function joinTunnel(client: TunnelEnd, app: TunnelEnd, onEnded: () => void): void {
  if (client.first.length > 0) app.socket.write(client.first)
  if (app.first.length > 0) client.socket.write(app.first)
  // `pipe` reads no faster than the other side takes, and passes the end of each direction on.
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
