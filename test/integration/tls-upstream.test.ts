/** TLS to the app: always verified, with the operator's own authorities and certificate if he says so. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const fixture = (name: string) => `test/fixtures/tls/${name}`
const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const own = { caFile: fixture('cert.pem') }
const client = { certFile: fixture('client-cert.pem'), keyFile: fixture('client-key.pem') }
const stranger = { certFile: fixture('stranger-cert.pem'), keyFile: fixture('stranger-key.pem') }

function nameIn(socket: TLSSocket): string | undefined {
  const { subject } = socket.getPeerCertificate() as { subject?: { CN: string } }
  return subject?.CN
}

/** @returns the status of a verified call and of a passthrough request to one app. */
async function statusesWith(
  upstreamTls: object | undefined,
  asks = false,
  host = '127.0.0.1',
  shows = '',
) {
  const names: unknown[] = []
  const serverNames: unknown[] = []
  const app = createServer(
    {
      cert: readFileSync(fixture(`${shows}cert.pem`)),
      key: readFileSync(fixture(`${shows}key.pem`)),
      ...(asks && { requestCert: true, ca: readFileSync(fixture('client-ca.pem')) }),
    },
    (request, response) => {
      if (request.socket instanceof TLSSocket) {
        names.push(nameIn(request.socket))
        serverNames.push(request.socket.servername)
      }
      response.end()
    },
  )
  app.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(app, 'listening')
  stops.push(() => {
    app.close()
    app.closeAllConnections()
  })
  const upstream = `https://${host}:${String((app.address() as AddressInfo).port)}`
  const route = { upstream, ...(upstreamTls && { upstreamTls }) }
  const target = await startTarget({
    routes: [
      { name: 'inngest', ...route, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'app', policy: 'passthrough', ...route },
    ],
  })
  const get = 'GET /x HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n'
  const call = signedCall(target).replace('app.example.com', 'evil.example.com')
  const statuses = [statusOf(await target.raw(call)), statusOf(await target.raw(get))]
  return { statuses, names, serverNames, reasons: target.reasons() }
}

const refused = { statuses: [502, 502], reasons: ['upstream_connect', 'upstream_connect'] }

describe('an https upstream', () => {
  it.each(['127.0.0.1', 'localhost'])('is reached under its own CA as %s', async (host) => {
    expect(await statusesWith(own, false, host)).toMatchObject({ statuses: [200, 200] })
  })

  it('gets HTTP/1.1 if it prefers HTTP/2, and no header is lost', async () => {
    const versions: string[] = []
    const app = createSecureServer(
      {
        cert: readFileSync(fixture('cert.pem')),
        key: readFileSync(fixture('key.pem')),
        allowHTTP1: true,
      },
      (request, response) => {
        versions.push(request.httpVersion)
        response.writeHead(201, { 'X-Inngest-SDK': 'js:v9', 'Content-Type': 'text/x' }).end('ok')
      },
    ).listen(0, '127.0.0.1')
    await once(app, 'listening')
    stops.push(() => app.close())
    const upstream = `https://127.0.0.1:${String((app.address() as AddressInfo).port)}`
    const target = await startTarget({
      routes: [
        { name: 'inngest', upstream, upstreamTls: own, signingKeys: [{ env: 'PRIMARY' }] },
        { name: 'app', policy: 'passthrough', upstream, upstreamTls: own },
      ],
    })
    const get = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    for (const request of [signedCall(target), get]) {
      const answer = await target.raw(request)
      expect(statusOf(answer)).toBe(201)
      expect(answer).toMatch(/^x-inngest-sdk: js:v9\r$/im)
      expect(answer).toMatch(/^content-type: text\/x\r$/im)
    }
    expect(versions).toEqual(['1.1', '1.1'])
  })

  it.each(['a signed call', 'a plain request', 'a WebSocket handshake'])(
    'fails like one that accepts no connection, for %s, if it never completes TLS',
    async (kind) => {
      const app = net.createServer((socket) => socket.on('error', () => undefined).resume())
      app.listen(0, '127.0.0.1')
      await once(app, 'listening')
      stops.push(() => app.close())
      const upstream = `https://127.0.0.1:${String((app.address() as AddressInfo).port)}`
      const target = await startTarget({
        upstream: { connectTimeout: '300ms', responseTimeout: '10m' },
        routes: [
          { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
          { name: 'app', policy: 'passthrough', upstream },
        ],
      })
      const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket'
      const get = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
      const requests = {
        'a signed call': signedCall(target),
        'a plain request': get,
        'a WebSocket handshake': get.replace('Connection: close', upgrade),
      }
      const bytes = requests[kind as keyof typeof requests]
      expect(statusOf(await target.raw(bytes, { waitMs: 20_000 }))).toBe(504)
      expect(target.reasons()).toEqual(['upstream_timeout'])
    },
  )

  it('gets no request under an unknown CA', async () => {
    expect(await statusesWith(undefined)).toMatchObject(refused)
  })

  it('is not spoken to even if NODE_TLS_REJECT_UNAUTHORIZED says not to verify', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      expect(await statusesWith(undefined)).toMatchObject(refused)
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  it('is held to the name that the operator gives', async () => {
    expect(await statusesWith({ ...own, serverName: 'localhost' })).toMatchObject({
      statuses: [200, 200],
    })
    expect(await statusesWith({ ...own, serverName: 'other.example.com' })).toMatchObject(refused)
  })

  it('gets no server name by address, and gets the name by name', async () => {
    const [byAddress, byName] = [
      await statusesWith(own),
      await statusesWith({ ...own, serverName: 'localhost' }),
    ]
    expect(byAddress).toMatchObject({ statuses: [200, 200], serverNames: [false, false] })
    expect(byName.serverNames).toEqual(['localhost', 'localhost'])
  })

  it('is refused by address unless its certificate carries that address', async () => {
    const named = { caFile: fixture('named-cert.pem') }
    expect(await statusesWith(named, false, 'localhost', 'named-')).toMatchObject({
      statuses: [200, 200],
    })
    expect(await statusesWith(named, false, '127.0.0.1', 'named-')).toMatchObject(refused)
  })

  it('is held to an address that the operator gives as serverName', async () => {
    const withAddress = (serverName: string) =>
      statusesWith({ ...own, serverName }, false, 'localhost')
    expect(await withAddress('127.0.0.1')).toMatchObject({ statuses: [200, 200] })
    expect(await withAddress('127.0.0.2')).toMatchObject(refused)
  })

  it('gets the certificate of the gateway if it requests one', async () => {
    expect(await statusesWith({ ...own, ...client }, true)).toMatchObject({
      statuses: [200, 200],
      names: ['client', 'client'],
    })
  })

  it.each([
    ['none', {}],
    ['a stranger’s', stranger],
  ])('disconnects if it requests a certificate and gets %s', async (_, certificate) => {
    const { statuses } = await statusesWith({ ...own, ...certificate }, true)
    expect(statuses).toEqual([502, 502])
  })
})
