/** The yardstick: node:http in, `http.request` with a keep-alive agent out, and no check at all. */
import { Agent, createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

import { peerSettings } from './peer-settings.ts'

const { port, upstreamPort } = peerSettings()
const agent = new Agent({ keepAlive: true })

createServer((request, response) => {
  const options = {
    agent,
    host: '127.0.0.1',
    port: upstreamPort,
    method: request.method,
    path: request.url,
    headers: withoutConnection(request.headers),
  }
  const call = httpRequest(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers))
    answer.pipe(response)
  })
  call.on('error', () => {
    response.destroy()
  })
  request.pipe(call)
}).listen(port, '127.0.0.1')

function withoutConnection(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...headers }
  delete kept.connection
  delete kept['keep-alive']
  return kept
}
