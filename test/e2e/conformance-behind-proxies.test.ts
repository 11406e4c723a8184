/**
 * The conformance command through real proxies: what they refuse or mend on the way is not tested
 * then, and raises no false alarm. Those that can come from 127.0.0.2, which is trusted; the others
 * name a client of their own.
 */
// @module-tag proxies
import { afterEach, describe, expect, it, vi } from 'vitest'

import { runConformance } from '../support/conforming.ts'
import { caddy, haproxy, nginx, startFrontProxy, type FrontProxy } from '../support/front-proxy.ts'
import { startSdkApp } from '../support/sdk-app.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
  vi.restoreAllMocks()
})

/** Whom a proxy names that cannot choose the address that it comes from. */
const NAMED = '192.0.2.77'

const at = (port: number) => `127.0.0.1:${String(port)}`

interface Peer {
  readonly name: string
  readonly start: (gateway: number) => Promise<FrontProxy>
  /** The address that it comes from. */
  readonly from: string
  /** What never reaches the gateway as it was sent, beside what needs another address. */
  readonly notTested: readonly string[]
}

/** What is reported by default, beside what is enforced. */
const enforced = { callIds: 'enforce', syncBody: 'enforce', syncUrl: 'enforce' }

const framing = ['doubled-length', 'length-and-chunks', 'odd-encoding']

const peers: readonly Peer[] = [
  {
    name: 'nginx',
    from: '127.0.0.2',
    start: (gateway) =>
      startFrontProxy(
        nginx(
          (port) => `server {
            listen ${at(port)};
            location / {
              proxy_pass http://${at(gateway)};
              proxy_bind 127.0.0.2;
              proxy_http_version 1.1;
              proxy_set_header Host $http_host;
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            }
          }`,
        ),
      ),
    notTested: ['app-not-served', 'odd-methods', ...framing, 'absolute-target'],
  },
  {
    name: 'HAProxy',
    from: '127.0.0.2',
    start: (gateway) =>
      startFrontProxy(
        haproxy(`backend gateway
  mode http
  option forwardfor
  source 127.0.0.2
  server one ${at(gateway)}`),
      ),
    // HAProxy makes `Host` of the absolute form (RFC 9112 3.2.2), and the gateway reads such a target.
    notTested: ['app-not-served', ...framing, 'absolute-target'],
  },
  {
    name: 'Caddy',
    from: '127.0.0.1',
    start: (gateway) =>
      startFrontProxy(
        caddy(`reverse_proxy ${at(gateway)} {
    header_up X-Forwarded-For ${NAMED}
  }`),
      ),
    notTested: ['app-not-served', ...framing, 'absolute-target'],
  },
]

describe('the conformance command', () => {
  it.each(peers)('raises no false alarm through $name', async ({ start, from, notTested }) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const app = await startSdkApp(testKey, fallbackKey)
    stops.push(() => {
      app.stop()
    })
    const upstream = app.url
    const config = {
      allowlist: ['127.0.0.1', NAMED],
      trustedProxies: [from],
      routes: [
        { name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }], checks: enforced },
        { name: 'rest', policy: 'passthrough', upstream },
        {
          name: 'admin',
          policy: 'passthrough',
          upstream,
          path: '/admin',
          allowlist: ['192.0.2.10'],
        },
      ],
    }
    const gateway = await startTestGateway(app.url, config)
    stops.push(() => gateway.stop())
    const proxy = await start(gateway.port)
    stops.push(() => proxy.stop())
    const options = { syncs: true, restrictedPath: ['/admin'] }
    const run = await runConformance(proxy.port, options)
    expect(run.problem).toBeUndefined()
    expect(run.names('failed')).toEqual([])
    const elsewhere = [
      ...['outside-signed', 'outside-unsigned', 'outside-spoofed'],
      ...['durable-forged', 'durable-unsigned', 'outside-reentry', 'app-address'],
    ]
    expect(run.names('not tested').filter((name) => !elsewhere.includes(name))).toEqual(notTested)
  })
})
