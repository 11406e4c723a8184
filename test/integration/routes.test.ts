/** Several routes in one gateway, each with its own host, path, upstream and keys. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, describe, it } from 'vitest'

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
      const body = `{"ctx":{"request_id":"${id}"}}`
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
})
