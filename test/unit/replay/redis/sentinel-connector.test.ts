/** The connections to Sentinels, whatever breaks there. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'

import type { Redis } from 'ioredis'
import { expect, it } from 'vitest'

import { createRedisClient } from '../../../../gateway/replay/redis/client.ts'
import { sentinelConnector } from '../../../../gateway/replay/redis/sentinel-connector.ts'

const pem = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')

/** As the library calls it. */
interface Opened {
  connectToSentinel(address: object): Redis & { stream: NodeJS.EventEmitter }
}

it('does not throw a second error of one connection over TLS', async () => {
  const server = createServer({ cert: pem('cert.pem'), key: pem('key.pem') })
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const options = {
    sentinels: [address],
    name: 'primary',
    sentinelTLS: { ca: pem('second-cert.pem') },
  }
  const connector = new sentinelConnector(options) as unknown as Opened
  const sentinel = connector.connectToSentinel(address)
  await once(sentinel, 'error').catch(() => undefined)
  const emit = () => sentinel.stream.emit('error', new Error('tlsv1 alert decode error'))
  expect(emit).not.toThrow()
  sentinel.disconnect()
  server.close()
})

it('names why a Sentinel cannot be connected to', async () => {
  const sentinels = ['127.0.0.1:1']
  const client = createRedisClient({ cluster: false, sentinels, sentinelName: 'primary' })
  const thrown = await once(client, 'error').catch((error: unknown) => [error])
  client.disconnect()
  expect(String(thrown[0])).toContain('Last error: connect ECONNREFUSED 127.0.0.1:1')
})
