/** A proxy that checks nothing: it forwards everything, including the sender's own X-Forwarded-For. */
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface OpenProxy {
  readonly port: number
  readonly stop: () => void
}

/** @param from its loopback address. */
export async function startOpenProxy(to: number, from = '127.0.0.1'): Promise<OpenProxy> {
  const server = createServer((request, response) => {
    const forwardedFor = request.headers['x-forwarded-for'] ?? request.socket.remoteAddress ?? ''
    const fields = request.rawHeaders.filter(
      (_, i, all) => all[i - (i % 2)]?.toLowerCase() !== 'x-forwarded-for',
    )
    const call = httpRequest(
      {
        host: '127.0.0.1',
        port: to,
        localAddress: from,
        agent: false,
        method: request.method,
        path: request.url,
        headers: [...fields, 'X-Forwarded-For', String(forwardedFor)],
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(response)
      },
    )
    call.on('error', () => response.destroy())
    response.on('close', () => call.destroy())
    request.on('error', () => undefined).pipe(call)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
