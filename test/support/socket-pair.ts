/** The two ends of one connection on loopback. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** Both half-open, as the gateway's connections are. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = await accepted
  server.close()
  sockets.push(near, far)
  for (const socket of [near, far]) socket.on('error', () => undefined)
  return [near, far]
}
