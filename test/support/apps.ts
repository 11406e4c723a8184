/** Apps that respond with their name, and record their requests. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

export interface NamedApp {
  readonly url: string
  readonly requests: { readonly host: string | undefined; readonly body: string }[]
  /** Connections that are open now, and all so far. */
  readonly connections: { open: number; ever: number }
}

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** @param answerAfter resolves when the app may respond. */
export async function startNamedApp(
  name: string,
  answerAfter: () => Promise<unknown> = () => Promise.resolve(),
): Promise<NamedApp> {
  const requests: NamedApp['requests'] = []
  const connections = { open: 0, ever: 0 }
  const server = createServer((request, response) => {
    let body = ''
    request
      .on('data', (chunk: Buffer) => (body += chunk.toString()))
      .on('end', () => {
        requests.push({ host: request.headers.host, body })
        void answerAfter().then(() => response.end(name))
      })
  })
  server.on('connection', (socket) => {
    connections.open += 1
    connections.ever += 1
    socket.on('close', () => (connections.open -= 1))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${String(port)}`, requests, connections }
}
