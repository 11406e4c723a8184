/** A real Redis with TLS, and a plain port for the test itself. */
import path from 'node:path'

import { expect } from 'vitest'

import { freePort } from './free-port.ts'
import { startRedis, type RedisServer } from './redis-server.ts'
import { startSentinel, type Sentinel } from './sentinel.ts'

export const tlsFixture = (name: string) => path.resolve('test/fixtures/tls', name)

/** The start of the names of a certificate and its key in test/fixtures/tls. */
type Pair = '' | 'second-' | 'stranger-' | 'named-'

export interface TlsRedisServer extends RedisServer {
  readonly tlsPort: number
  /** For new connections. */
  changeCertificate(pair: Pair): Promise<unknown>
}

/** @param options for the command line of redis-server. */
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

/**
 * A Sentinel that uses TLS with the server and with clients.
 * @param settings as for `startSentinel`.
 */
export async function startTlsSentinel(
  primary: TlsRedisServer,
  ...settings: string[]
): Promise<Sentinel> {
  const port = await freePort()
  const sentinel = await startSentinel(
    'redis-server',
    primary.tlsPort,
    ...[...filesOf(''), ['tls-ca-cert-file', tlsFixture('cert.pem')]].map((each) => each.join(' ')),
    ...[`tls-port ${String(port)}`, 'tls-auth-clients no', 'tls-replication yes'],
    ...settings,
  )
  return { ...sentinel, address: `rediss://localhost:${String(port)}` }
}

/** A server as above, as a cluster of one node, which announces its name and not its address. */
export async function startTlsCluster(pair: Pair): Promise<TlsRedisServer> {
  const server = await startTlsRedis(
    pair,
    ...['--cluster-enabled', 'yes', '--tls-cluster', 'yes'],
    ...['--cluster-port', String(await freePort())],
    ...['--cluster-announce-hostname', 'localhost'],
    ...['--cluster-preferred-endpoint-type', 'hostname'],
  )
  await server.client.call('CLUSTER', ['ADDSLOTSRANGE', '0', '16383'])
  await expect.poll(() => server.client.cluster('INFO')).toContain('cluster_state:ok')
  return server
}
