/**
 * What one gets by putting together the first library that turns up for each part: http-proxy, ip-cidr,
 * node-cache, canonicalize, and a new Hmac. No metrics and no access log, which favours it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Agent, createServer } from 'node:http'
import { Readable } from 'node:stream'

import canonicalize from 'canonicalize'
import httpProxy from 'http-proxy'
import IPCIDR from 'ip-cidr'
import NodeCache from 'node-cache'

import { peerSettings } from './peer-settings.ts'

const { port, upstreamPort, key, ranges } = peerSettings()
const MAX_AGE_SECONDS = 300
const cache = new NodeCache({ stdTTL: 2 * MAX_AGE_SECONDS, useClones: false })
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${upstreamPort}`,
  agent: new Agent({ keepAlive: true }),
})

createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    const status = check(request, body)
    if (status === 200) {
      proxy.web(request, response, { buffer: Readable.from([body]) }, () => response.destroy())
    } else {
      response.writeHead(status).end()
    }
  })
}).listen(port, '127.0.0.1')

function check(request, body) {
  const address = request.socket.remoteAddress
  if (!ranges.some((range) => new IPCIDR(range).contains(address))) return 403
  const parameters = new URLSearchParams(request.headers['x-inngest-signature'])
  const timestamp = parameters.get('t')
  const signature = parameters.get('s')
  if (!timestamp || !signature) return 401
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > MAX_AGE_SECONDS) return 401
  const canonical = canonicalize(JSON.parse(body.toString()))
  const mac = createHmac('sha256', key).update(canonical).update(timestamp).digest()
  const sent = Buffer.from(signature, 'hex')
  if (sent.length !== mac.length || !timingSafeEqual(sent, mac)) return 401
  if (cache.has(signature)) return 409
  cache.set(signature, true)
  return 200
}
