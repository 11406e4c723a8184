/** A TLS connection to the server of a list, directly or through the proxy of the environment. */
import { once } from 'node:events'
import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'

import { proxyFor } from './list-proxy.ts'

export interface ConnectOptions {
  readonly ca?: string | undefined
  readonly signal: AbortSignal
}

/**
 * The caller closes the connection. Its errors reach the request that uses it.
 * @throws if the proxy opens no tunnel
 */
export async function connectTo(url: URL, { ca, signal }: ConnectOptions): Promise<TLSSocket> {
  const host = withoutBrackets(url.hostname)
  const port = url.port === '' ? 443 : Number(url.port)
  const secure: ConnectionOptions = {
    host,
    // RFC 6066 3: an address is not a server name. The certificate must still match `host`.
    servername: isIP(host) === 0 ? host : '',
    // Verified even with NODE_TLS_REJECT_UNAUTHORIZED=0: the list decides which clients are admitted.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    ...(ca !== undefined && { ca }),
  }
  const proxy = proxyFor(url, process.env)
  if (proxy === undefined) return connectTls({ ...secure, port })
  const socket = await openTunnel(proxy, `${url.hostname}:${String(port)}`, signal)
  return connectTls({ ...secure, socket })
}

/** RFC 9110 9.3.6 */
async function openTunnel(proxy: URL, authority: string, signal: AbortSignal): Promise<Socket> {
  const requestTo = proxy.protocol === 'https:' ? requestSecure : requestPlain
  const request = requestTo({
    host: withoutBrackets(proxy.hostname),
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...credentials(proxy) },
    agent: false,
    insecureHTTPParser: false,
    rejectUnauthorized: true,
    signal,
  })
  request.end()
  const [response, socket] = (await once(request, 'connect')) as [IncomingMessage, Socket]
  const { statusCode } = response
  if (statusCode === 200) return socket
  socket.destroy()
  throw new Error(`the proxy refused the tunnel with status ${String(statusCode)}`)
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.+)\]$/, '$1')
}
