/** Several routes in one gateway, each with its own host, path, upstream and keys. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, describe, it } from 'vitest'

import { sendRaw } from '../support/raw.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

async function startNamed(name: string) {
  const app = createServer((_request, response) => response.end(name)).listen(0, '127.0.0.1')
  await once(app, 'listening')
  const { port } = app.address() as AddressInfo
  return { app, upstream: `http://127.0.0.1:${String(port)}` }
}

describe('routes', () => {
  it('send each call to its own app, under its own keys, and share the replay cache', async () => {
    const [billing, shop] = [await startNamed('billing'), await startNamed('shop')]
    const gateway = await startTestGateway('', {
      routes: [
        {
          name: 'billing',
          host: 'b.example.com',
          upstream: billing.upstream,
          signingKeys: [{ env: 'PRIMARY' }],
        },
        {
          name: 'shop',
          upstream: shop.upstream,
          signingKeys: [{ env: 'FALLBACK' }, { env: 'PRIMARY' }],
        },
        {
          name: 'path',
          path: '/x/inngest',
          upstream: shop.upstream,
          signingKeys: [{ env: 'FALLBACK' }],
        },
      ],
    })
    const at = Math.floor(gateway.clock.wallMs / 1000)
    const call = (host: string, key: string, id: string, target = '/api/inngest') => {
      const body = `{"ctx":{"request_id":"${id}","run_id":"run"}}`
      return send({
        port: gateway.port,
        target,
        body,
        headers: { host, 'x-inngest-signature': signatureHeader(key, body, at) },
      })
    }
    expect((await call('b.example.com', testKey, '1')).body).toBe('billing')
    expect((await call('any.example.com', fallbackKey, '2')).body).toBe('shop')
    expect((await call('any.example.com', fallbackKey, '3', '/x/inngest')).body).toBe('shop')
    expect((await call('b.example.com', fallbackKey, '4')).status).toBe(401)
    expect((await call('any.example.com', testKey, '5', '/x/inngest')).status).toBe(401)
    expect((await call('any.example.com', testKey, '1')).status).toBe(409)
    expect(gateway.logLines.map(({ route }) => route)).toEqual([
      'billing',
      'shop',
      'path',
      'billing',
      'path',
      'shop',
    ])
    await gateway.stop()
    for (const { app } of [billing, shop]) {
      app.close()
      app.closeAllConnections()
    }
  })

  it('log the Host of a request that none of them has', async () => {
    const gateway = await startTestGateway('http://127.0.0.1:1', {
      routes: [
        {
          name: 'shop',
          host: 'shop.example.com',
          upstream: 'http://127.0.0.1:1',
          signingKeys: [{ env: 'PRIMARY' }],
        },
      ],
    })
    const hosts = ['Other.example.com:444', 'a.'.repeat(200)]
    for (const host of hosts) await send({ port: gateway.port, headers: { host } })
    expect(gateway.logLines.map(({ reason, host }) => [reason, host])).toEqual(
      hosts.map((host) => ['route_not_found', host.slice(0, 200)]),
    )
    const bytes =
      'POST /api/inngest HTTP/1.1\r\nHost: a\r\nHost: b\u0007\r\nConnection: close\r\n\r\n'
    await sendRaw(gateway.port, bytes.replace('\u0007', '\u00e9'))
    expect(gateway.logLines.at(-1)).toMatchObject({ host: 'a, b?' })
    await gateway.stop()
  })
})
