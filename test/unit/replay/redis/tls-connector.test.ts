import { createServer } from 'node:tls'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'

import { createRedisClient } from '../../../../gateway/replay/redis/client.ts'

const pem = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')

/**
 * A server whose certificate is refused sends an alert, which OpenSSL reports after the refusal. When
 * it comes too late is a matter of luck, so it is reported here by hand.
 */
it('does not throw a second error of one connection to Redis', async () => {
  const server = createServer({ cert: pem('cert.pem'), key: pem('key.pem') })
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = createRedisClient({
    url: `rediss://127.0.0.1:${String(port)}`,
    ca: pem('second-cert.pem'),
    cluster: false,
  })
  const [error] = (await once(client, 'error').catch((thrown: unknown) => [thrown])) as [Error]
  expect(error.message).toContain('self-signed certificate')
  const { stream } = client as unknown as { stream: NodeJS.EventEmitter }
  expect(() => stream.emit('error', new Error('tlsv1 alert decode error'))).not.toThrow()
  client.disconnect()
  server.close()
})
