/** A real Redis that speaks TLS, beside a plain port for the test itself. */
import path from 'node:path'

import { freePort } from './free-port.ts'
import { startRedis, type RedisServer } from './redis-server.ts'

export const tlsFixture = (name: string) => path.resolve('test/fixtures/tls', name)

/** What the names of a certificate and its key begin with, in test/fixtures/tls. */
type Pair = '' | 'second-' | 'stranger-'

export interface TlsRedisServer extends RedisServer {
  readonly tlsPort: number
  /** For connections from now on. */
  changeCertificate(pair: Pair): Promise<unknown>
}

/** @param options as on the command line of redis-server. */
export async function startTlsRedis(
  pair: Pair = '',
  ...options: string[]
): Promise<TlsRedisServer> {
  const tlsPort = await freePort()
  const given = [...filesOf(pair), ['tls-ca-cert-file', tlsFixture('client-ca.pem')]]
  const server = await startRedis(
    ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'],
    ...given.flatMap(([name = '', file = '']) => [`--${name}`, file]),
    ...options,
  )
  const changeCertificate = (next: Pair) =>
    server.client.call('CONFIG', ['SET', ...filesOf(next).flat()])
  return { ...server, tlsPort, changeCertificate }
}

function filesOf(pair: Pair): string[][] {
  return [
    ['tls-cert-file', tlsFixture(`${pair}cert.pem`)],
    ['tls-key-file', tlsFixture(`${pair}key.pem`)],
  ]
}
