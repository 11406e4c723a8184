/** `Host` as real proxies send it, or leave it out. */
// @module-tag proxies
import { afterEach, describe, expect, it } from 'vitest'

import { caddy, haproxy, nginx, startFrontProxy } from '../support/front-proxy.ts'
import { startLenientUpstream } from '../support/lenient-upstream.ts'
import { sendRaw, statusOf } from '../support/raw.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const at = (port: number) => `127.0.0.1:${String(port)}`

async function startBehind(routes: (upstream: string) => object[]) {
  const app = await startLenientUpstream()
  stops.push(() => {
    app.stop()
  })
  const gateway = await startTestGateway(app.url, { routes: routes(app.url) })
  stops.push(() => gateway.stop())
  return { app, gateway }
}

type Program = Parameters<typeof startFrontProxy>[0]

async function startFront(program: Program) {
  const front = await startFrontProxy(program)
  stops.push(() => front.stop())
  return front
}

const open = (upstream: string) => [{ name: 'app', policy: 'passthrough', upstream }]

describe('Host with the default port, as of nginx `$host:$server_port`', () => {
  it.each(['443', '80'])('finds, with the port %s too, the route of that host', async (port) => {
    const { app, gateway } = await startBehind((upstream) => [
      {
        name: 'app',
        host: 'app.example.com',
        upstream,
        signingKeys: [{ env: 'PRIMARY' }],
      },
    ])
    const front = await startFront(
      nginx(
        (own) => `server {
          listen ${at(own)};
          location / {
            proxy_pass http://${at(gateway.port)};
            proxy_set_header Host $host:${port};
          }
        }`,
      ),
    )
    const body = `{"ctx":{"request_id":"host-${port}","run_id":"run"}}`
    const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
    const headers = { host: 'App.example.com', 'x-inngest-signature': signature }
    expect((await send({ port: front.port, headers, body })).status).toBe(200)
    expect(gateway.logLines.at(-1)).toMatchObject({ route: 'app', host: `app.example.com:${port}` })
    expect(app.seen).toHaveLength(1)
  })
})

/** The usual one serves 127.0.0.1 alone, which a request without `Host` does not name. */
const caddyOfAnyHost = (backend: string): Program => ({
  ...caddy(backend),
  config: (own) =>
    `{
  admin off
  auto_https off
}
http://:${String(own)} {
  bind 127.0.0.1
  ${backend}
}
`,
})

describe('HTTP/1.0 without Host', () => {
  const request = 'GET /health HTTP/1.0\r\n\r\n'

  it.each([
    [
      'nginx',
      (upstream: string) =>
        nginx((own) => `server { listen ${at(own)}; location / { proxy_pass ${upstream}; } }`),
    ],
    ['Caddy', (upstream: string) => caddyOfAnyHost(`reverse_proxy ${upstream}`)],
  ])('reaches the app with the same Host as through %s', async (_, program) => {
    const { app, gateway } = await startBehind(open)
    expect(statusOf(await sendRaw(gateway.port, request))).toBe(200)
    const [ours] = app.seen
    const front = await startFront(program(app.url))
    await sendRaw(front.port, request)
    await expect.poll(() => app.seen.length).toBe(2)
    expect(ours?.fields['host']).toEqual([app.url.replace('http://', '')])
    expect(ours?.fields['host']).toEqual(app.seen[1]?.fields['host'])
    expect(ours?.fields['x-forwarded-host']).toBeUndefined()
    expect(ours?.line).toBe('GET /health HTTP/1.1')
  })

  it('carries the health check that HAProxy makes by default', async () => {
    const { app, gateway } = await startBehind(open)
    await startFront(
      haproxy(`backend gateway
  mode http
  option httpchk
  server one ${at(gateway.port)} check inter 200ms`),
    )
    await expect.poll(() => app.seen.length, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(app.seen[0]?.line).toBe('OPTIONS / HTTP/1.1')
    // HAProxy disconnects as soon as it has the status, which may be before the end of the response.
    await expect.poll(() => gateway.logLines.length).toBeGreaterThan(0)
    expect(gateway.logLines[0]).toMatchObject({ method: 'OPTIONS', path: '/', status: 200 })
    expect(gateway.logLines[0]?.['host']).toBeUndefined()
  })

  it('gets the host of serveOrigin where there is one', async () => {
    const { app, gateway } = await startBehind((upstream) => [
      { name: 'app', policy: 'passthrough', upstream, serveOrigin: 'https://app.example.com' },
    ])
    expect(statusOf(await sendRaw(gateway.port, request))).toBe(200)
    expect(app.seen[0]?.fields['host']).toEqual(['app.example.com'])
  })

  it.each([
    ['in HTTP/1.1', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['on an Inngest route', 'GET /api/inngest HTTP/1.0\r\n\r\n'],
    ['with two of them', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['with an empty one', 'GET / HTTP/1.0\r\nHost:\r\n\r\n'],
  ])('is refused %s', async (_, bytes) => {
    const { app, gateway } = await startBehind((upstream) => [
      ...open(upstream),
      { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
    ])
    expect(statusOf(await sendRaw(gateway.port, bytes))).toBe(400)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'request_malformed' })
    expect(app.seen).toEqual([])
  })

  it('does not match a route of one host', async () => {
    const { gateway } = await startBehind((upstream) => [
      { name: 'app', policy: 'passthrough', host: 'app.example.com', upstream },
    ])
    expect(statusOf(await sendRaw(gateway.port, request))).toBe(404)
  })
})
