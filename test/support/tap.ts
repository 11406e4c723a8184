/** A TCP relay in front of a server that records all bytes, so that a test sees what a proxy forwarded. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

export interface Tap {
  readonly port: number
  /** Every byte that went to the server, in latin1. */
  requests(): string
  /** Every byte that the server sent. */
  responses(): string
  stop(): void
}

export async function startTap(serverPort: number): Promise<Tap> {
  let [requests, responses] = ['', '']
  const listener = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1')
    client.on('data', (bytes) => (requests += bytes.toString('latin1')))
    server.on('data', (bytes) => (responses += bytes.toString('latin1')))
    client.on('error', () => undefined).on('close', () => server.destroy())
    server.on('error', () => undefined).on('close', () => client.destroy())
    client.pipe(server)
    server.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    requests: () => requests,
    responses: () => responses,
    stop: () => listener.close(),
  }
}
