/**
 * Real proxies in front, the real SDK behind: a signed call passes through each, and an
 * `X-Forwarded-For` of the sender's own through none. Senders come from 127.0.0.x, of which
 * 127.0.0.5 alone is allowed; the proxies, trusted, come from 127.0.0.1.
 */
// @module-tag proxies
import { afterEach, describe, expect, it } from 'vitest'

import { startFrontProxy, caddy, haproxy, nginx, type FrontProxy } from '../support/front-proxy.ts'
import { callBody, callTarget, startSdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

const ALLOWED = '127.0.0.5'
const STRANGER = '127.0.0.6'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Peer {
  readonly name: string
  readonly start: (gatewayPort: number) => Promise<FrontProxy>
  readonly proxyProtocol: boolean
  readonly source: string
}

const at = (port: number) => `127.0.0.1:${String(port)}`

const peers: Peer[] = [
  {
    name: 'nginx, which appends to X-Forwarded-For',
    proxyProtocol: false,
    source: 'x-forwarded-for',
    start: (gateway) =>
      startFrontProxy(
        nginx(
          (port) => `server {
            listen ${at(port)};
            location / {
              proxy_pass http://${at(gateway)};
              proxy_http_version 1.1;
              proxy_set_header Host $http_host;
              proxy_set_header Connection "";
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
              proxy_set_header X-Forwarded-Proto $scheme;
            }
          }`,
        ),
      ),
  },
  {
    name: 'nginx, chained behind another nginx',
    proxyProtocol: false,
    source: 'x-forwarded-for',
    start: (gateway) =>
      startFrontProxy(
        nginx((port, folder) => {
          const pass = (to: string) => `location / {
            proxy_pass ${to};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          }`
          // The inner one sees the outer one on a unix socket, and itself appends the outer one's address.
          return `
            server { listen ${at(port)}; ${pass(`http://unix:${folder}/inner.sock:`)} }
            server {
              listen unix:${folder}/inner.sock;
              location / {
                proxy_pass http://${at(gateway)};
                proxy_http_version 1.1;
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For "$http_x_forwarded_for, 127.0.0.1";
              }
            }`
        }),
      ),
  },
  {
    name: 'HAProxy, by option forwardfor',
    proxyProtocol: false,
    source: 'x-forwarded-for',
    start: (gateway) =>
      startFrontProxy(
        haproxy(`backend gateway
  mode http
  option forwardfor
  server one ${at(gateway)}`),
      ),
  },
  {
    name: 'HAProxy, by the PROXY protocol, version 1',
    proxyProtocol: true,
    source: 'proxy-protocol',
    start: (gateway) =>
      startFrontProxy(
        haproxy(`backend gateway
  mode tcp
  server one ${at(gateway)} send-proxy`),
      ),
  },
  {
    name: 'HAProxy, by the PROXY protocol, version 2',
    proxyProtocol: true,
    source: 'proxy-protocol',
    start: (gateway) =>
      startFrontProxy(
        haproxy(`backend gateway
  mode tcp
  server one ${at(gateway)} send-proxy-v2 proxy-v2-options ssl,cert-cn,crc32c,unique-id`),
      ),
  },
  {
    name: 'Caddy',
    proxyProtocol: false,
    source: 'x-forwarded-for',
    start: (gateway) => startFrontProxy(caddy(`reverse_proxy ${at(gateway)}`)),
  },
  {
    name: 'Caddy, that trusts whatever its clients forward',
    proxyProtocol: false,
    source: 'x-forwarded-for',
    start: (gateway) =>
      startFrontProxy(
        caddy(`reverse_proxy ${at(gateway)} {
    trusted_proxies 127.0.0.0/8
  }`),
      ),
  },
]

async function startBehind({ start, proxyProtocol }: Peer) {
  const app = await startSdkApp(testKey, fallbackKey)
  stops.push(() => {
    app.stop()
  })
  const gateway = await startTestGateway(app.url, {
    listen: { host: '127.0.0.1', port: 0, proxyProtocol },
    allowlist: [ALLOWED],
    trustedProxies: ['127.0.0.1'],
  })
  stops.push(() => gateway.stop())
  const proxy = await start(gateway.port)
  stops.push(() => proxy.stop())
  let serial = 0
  const call = (from: string, headers: Record<string, string | string[]> = {}) => {
    const body = callBody(`peer-${String((serial += 1))}`)
    const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
    return send({
      port: proxy.port,
      from,
      target: callTarget,
      headers: { 'x-inngest-signature': signature, 'content-type': 'application/json', ...headers },
      body,
    })
  }
  return { app, gateway, call }
}

describe.each(peers)('behind $name', (peer) => {
  it('runs the function of a signed call from an allowed address', async () => {
    const { app, gateway, call } = await startBehind(peer)
    const answer = await call(ALLOWED)
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('hello') as string])
    expect(app.runs()).toBe(1)
    expect(gateway.logLines.at(-1)).toMatchObject({
      decision: 'admitted',
      client_ip: ALLOWED,
      remote_ip: '127.0.0.1',
      client_ip_source: peer.source,
    })
  })

  it.each([
    ['one', { 'x-forwarded-for': ALLOWED }],
    ['two', { 'x-forwarded-for': [ALLOWED, ALLOWED] }],
    ['a list', { 'x-forwarded-for': `${ALLOWED}, ${ALLOWED}` }],
    ['the trusted proxy before it', { 'x-forwarded-for': `${ALLOWED}, 127.0.0.1` }],
    ['Forwarded', { forwarded: `for=${ALLOWED}` }],
    ['X-Real-IP', { 'x-real-ip': ALLOWED }],
    ['an alias', { x_forwarded_for: ALLOWED }],
    ['Connection-listed', { 'x-forwarded-for': ALLOWED, connection: 'close, x-forwarded-for' }],
  ])('refuses an unknown client with a forged address: %s', async (_, headers) => {
    const { app, gateway, call } = await startBehind(peer)
    expect((await call(STRANGER, headers)).status).toBe(403)
    expect(gateway.logLines.at(-1)).toMatchObject({
      reason: 'client_not_allowed',
      client_ip: STRANGER,
    })
    expect(app.reached).toEqual([])
  })
})
