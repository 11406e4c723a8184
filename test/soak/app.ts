/** The app behind the gateway: it records all that arrives, to the last byte. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import { markOf, type Wire } from './wire.ts'

export interface Arrival extends Omit<Wire, 'path' | 'query' | 'from'> {
  readonly target: string
}

/** Where the app sends a call with this mark; undefined if it answers it. */
export type Redirects = Map<number, string>

export interface App {
  readonly url: string
  readonly redirects: Redirects
  /** Bytes that belong to no request that arrived as a whole. */
  strayBytes(): number
  stop(): void
}

export async function startApp(
  onArrival: (mark: number | undefined, arrival: Arrival) => void,
): Promise<App> {
  const redirects: Redirects = new Map()
  let explainedBytes = 0
  let closedBytes = 0
  const sockets = new Set<Socket>()
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const body = Buffer.concat(chunks)
        explainedBytes += headBytes(request) + body.length
        const arrival = arrivalOf(request, body.toString('utf8'))
        const mark = markOf(arrival)
        onArrival(mark, arrival)
        const location = mark === undefined ? undefined : redirects.get(mark)
        response.writeHead(location === undefined ? 200 : 307, {
          'x-soak-app': String(mark),
          ...(location !== undefined && { location }),
        })
        response.end('{}')
      })
  }
  const server = createServer(answer)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      closedBytes += socket.bytesRead
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    redirects,
    strayBytes: () => {
      const open = [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0)
      return open + closedBytes - explainedBytes
    },
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function arrivalOf({ method = '', url = '', rawHeaders }: IncomingMessage, body: string): Arrival {
  const headers = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : [],
  )
  return { method, target: url, headers, body }
}

/** As undici and Node write a head: one space behind the colon, and none elsewhere. */
function headBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  const line = `${method} ${url} HTTP/1.1\r\n`.length
  // Behind each name `: `, and behind each value the end of the line.
  return line + rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part, 'latin1') + 2, 0) + 2
}
