/** ClientConnection on loopback: the test gets the requests and writes the responses. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

import {
  ClientConnection,
  type ConnectionHandlers,
  type ConnectionLimits,
} from '../../gateway/accept/client-connection.ts'
import type { BodyHandler, ClientRequest } from '../../gateway/accept/client-request.ts'
import type { ClientResponse } from '../../gateway/accept/client-response.ts'
import { Connections } from '../../gateway/accept/connections.ts'
import type { Reason } from '../../gateway/admit/reasons.ts'

export interface ClientSideServer {
  readonly port: number
  readonly connections: Connections
  /** In the order of their start. */
  readonly open: ClientConnection[]
  readonly unreadable: Reason[]
}

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const LIMITS = {
  headersTimeoutMs: 20_000,
  maxHeaderBytes: 16_384,
  keepAliveTimeoutMs: 20_000,
  responseStallTimeoutMs: 60_000,
}

/** Unreadable requests get a 400 as the last response. */
export async function startClientSide(
  onRequest: ConnectionHandlers['onRequest'],
  limits: Partial<ConnectionLimits> = {},
): Promise<ClientSideServer> {
  const connections = new Connections()
  const open: ClientConnection[] = []
  const unreadable: Reason[] = []
  const handlers: ConnectionHandlers = {
    limits: () => ({ ...LIMITS, ...limits }),
    isEnding: () => connections.areEnding,
    onRequest,
    onUnreadable: (connection, reason) => {
      unreadable.push(reason)
      respond(connection.lastResponse(), 'unreadable', 400)
    },
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket, false)
    const connection = new ClientConnection(socket, connections.headOf(socket), handlers)
    connections.begin(connection)
    open.push(connection)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    connections.destroyAll()
  })
  return { port: (server.address() as AddressInfo).port, connections, open, unreadable }
}

/** The whole response, with its length. */
export function respond(response: ClientResponse, body: string, status = 200): void {
  const bytes = Buffer.from(body)
  response.start(status, ['Content-Length', String(bytes.length)], {
    kind: 'length',
    bytes: bytes.length,
  })
  response.write(bytes)
  response.end()
}

/** The whole body, as latin1. Rejects if it does not arrive. */
export function bodyOf(request: ClientRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = ''
    const handler: BodyHandler = {
      onPiece: (bytes) => (body += bytes.toString('latin1')),
      onEnd: () => {
        resolve(body)
      },
      onInvalid: () => {
        reject(new Error('invalid'))
      },
      onGone: () => {
        reject(new Error('gone'))
      },
    }
    request.read(handler)
  })
}
