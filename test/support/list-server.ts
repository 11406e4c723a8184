/** The source of published lists in tests: https on loopback, with a response for each path. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const pem = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')
export const listServerCa = pem('cert.pem')

export type Answer = (response: ServerResponse, request: IncomingMessage) => void

export interface ListServer {
  readonly origin: string
  /** Requested paths, in order. */
  readonly asked: string[]
  /** @param answer a text is sent with status 200. */
  answer(path: string, answer: string | Answer): void
  readonly openSockets: () => number
  readonly stop: () => void
}

export async function startListServer(): Promise<ListServer> {
  const answers = new Map<string, Answer>()
  const asked: string[] = []
  const server = createTlsServer(
    { cert: pem('cert.pem'), key: pem('key.pem') },
    (request, response) => {
      const path = request.url ?? ''
      asked.push(path)
      const answer = answers.get(path)
      if (answer === undefined) response.writeHead(404).end('<html>Not Found</html>')
      else answer(response, request)
    },
  )
  server.on('tlsClientError', () => undefined)
  const sockets = trackSockets(server)
  const port = await portOf(server)
  return {
    origin: `https://127.0.0.1:${String(port)}`,
    asked,
    answer: (path, answer) => {
      answers.set(path, typeof answer === 'string' ? (response) => response.end(answer) : answer)
    },
    openSockets: () => sockets.size,
    stop: () => {
      server.close()
      server.closeAllConnections()
      for (const socket of sockets) socket.destroy()
    },
  }
}

export interface ConnectProxy {
  readonly url: string
  /** The authorities of clients' CONNECT requests. */
  readonly tunnels: string[]
  /** The header sections of their CONNECT requests. */
  readonly heads: string[]
  readonly stop: () => void
}

/** @param status of its response to CONNECT; any other than 200 opens no tunnel. */
export async function startConnectProxy(status = 200): Promise<ConnectProxy> {
  const tunnels: string[] = []
  const heads: string[] = []
  const server = createServer((client) => {
    client.on('error', () => undefined)
    client.once('data', (head: Buffer) => {
      const authority = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head.toString('latin1'))?.[1] ?? ''
      tunnels.push(authority)
      heads.push(head.toString('latin1'))
      client.write(`HTTP/1.1 ${String(status)} Whatever\r\n\r\n`)
      if (status === 200) joinTo(authority, client)
      else client.end()
    })
  })
  const sockets = trackSockets(server)
  const port = await portOf(server)
  return {
    url: `http://127.0.0.1:${String(port)}`,
    tunnels,
    heads,
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Accepts connections and never sends anything. */
export async function startSilentServer() {
  const server = createServer((socket) => socket.on('error', () => undefined).resume())
  const sockets = trackSockets(server)
  const port = await portOf(server)
  return {
    authority: `127.0.0.1:${String(port)}`,
    openSockets: () => sockets.size,
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function joinTo(authority: string, client: Socket): void {
  const [host, port] = authority.split(':')
  const target = connect(Number(port), host)
  target.on('error', () => client.destroy()).on('close', () => client.destroy())
  client.on('close', () => target.destroy())
  client.pipe(target).pipe(client)
}

function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
