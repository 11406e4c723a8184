/** The shared replay store over TLS: its server is always verified, by the configured authorities. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp } from '../support/apps.ts'
import { freshBody } from '../support/attack.ts'
import {
  startTlsCluster,
  startTlsRedis,
  startTlsSentinel,
  tlsFixture,
  type TlsRedisServer,
} from '../support/redis-tls.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { sentinelName } from '../support/sentinel.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

/** @param replay laid over a store at `host`, whose authority is that of the server's certificate. */
async function startBefore({ tlsPort }: TlsRedisServer, replay: object = {}, host = 'localhost') {
  const app = await startNamedApp('app')
  const shared = {
    store: 'redis',
    url: `rediss://${host}:${String(tlsPort)}`,
    caFile: tlsFixture('cert.pem'),
    coldStart: 'accept',
    timeout: '5s',
  }
  const gateway = track(await startTestGateway(app.url, { replay: { ...shared, ...replay } }))
  return { app, gateway }
}

async function readiness({ opsPort }: TestGateway): Promise<string> {
  const { status, body } = await send({ port: opsPort, method: 'GET', target: '/readyz' })
  return `${String(status)} ${body.trim()}`
}

async function call({ port, clock }: TestGateway, body = freshBody()): Promise<number> {
  const signature = signatureHeader(testKey, body, Math.floor(clock.wallMs / 1000))
  return (await send({ port, body, headers: { 'x-inngest-signature': signature } })).status
}

const saidWhy = ({ logLines }: TestGateway) =>
  logLines.filter(({ msg }) => msg === 'replay store unavailable').map(({ why }) => why)

/** Refused with 503, not ready, and why, each reason once. */
async function expectRefused(
  { app, gateway }: Awaited<ReturnType<typeof startBefore>>,
  server: TlsRedisServer,
  why: string | RegExp,
): Promise<void> {
  await expect.poll(() => saidWhy(gateway)).toContainEqual(expect.stringMatching(why))
  expect(await call(gateway)).toBe(503)
  expect(await readiness(gateway)).toBe('503 replay store')
  expect(await gateway.metricsText()).toContain('inngest_gateway_replay_store_up 0')
  expect(app.requests).toEqual([])
  expect(await server.client.dbsize()).toBe(0)
  expect(new Set(saidWhy(gateway)).size).toBe(saidWhy(gateway).length)
}

describe('a replay store over TLS', () => {
  it.each(['localhost', '127.0.0.1'])('is used with the configured CA as %s', async (host) => {
    const server = await startTlsRedis()
    const { app, gateway } = await startBefore(server, {}, host)
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    const body = freshBody()
    const statuses = [await call(gateway, body), await call(gateway, body)]
    expect(statuses).toEqual([200, 409])
    expect(app.requests).toHaveLength(1)
    expect(await server.client.keys('*{*')).toHaveLength(1)
  })

  it('is shared by two gateways', async () => {
    const server = await startTlsRedis()
    const [first, second] = [await startBefore(server), await startBefore(server)]
    for (const { gateway } of [first, second]) {
      await expect.poll(() => readiness(gateway)).toBe('200 ok')
    }
    second.gateway.clock.wallMs = first.gateway.clock.wallMs
    const body = freshBody()
    expect(await call(first.gateway, body)).toBe(200)
    expect(await call(second.gateway, body)).toBe(409)
  })

  it('is not used with a certificate of another CA, and the log says why', async () => {
    const server = await startTlsRedis('second-')
    await expectRefused(await startBefore(server), server, 'self-signed certificate')
  })

  it('is not used with an unknown CA if none is configured', async () => {
    const server = await startTlsRedis()
    const replay = { caFile: undefined }
    await expectRefused(await startBefore(server, replay), server, 'self-signed certificate')
  })

  it('is not used under another name, and the log says why', async () => {
    const server = await startTlsRedis('stranger-')
    const replay = { caFile: tlsFixture('stranger-cert.pem') }
    await expectRefused(await startBefore(server, replay), server, 'Host: localhost.')
  })

  it('is verified even if NODE_TLS_REJECT_UNAUTHORIZED says not to', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const server = await startTlsRedis('second-')
      await expectRefused(await startBefore(server), server, 'self-signed certificate')
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  it('is not asked where it speaks plainly, nor plainly where it does not', async () => {
    const server = await startTlsRedis()
    const plain = { url: `redis://127.0.0.1:${String(server.tlsPort)}`, caFile: undefined }
    const both = [
      await startBefore({ ...server, tlsPort: server.port }),
      await startBefore(server, plain),
    ]
    for (const { app, gateway } of both) {
      expect(await call(gateway)).toBe(503)
      expect(await readiness(gateway)).toBe('503 replay store')
      expect(app.requests).toEqual([])
    }
  })

  it('is used no longer once it has the certificate of another, until that is corrected', async () => {
    const server = await startTlsRedis()
    const { app, gateway } = await startBefore(server)
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    expect(await call(gateway)).toBe(200)
    await server.changeCertificate('second-')
    await server.client.call('CLIENT', ['KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await expect.poll(() => saidWhy(gateway).at(-1)).toContain('self-signed certificate')
    expect(await call(gateway)).toBe(503)
    expect(app.requests).toHaveLength(1)
    await server.changeCertificate('')
    await expect.poll(() => call(gateway)).toBe(200)
  })
})

describe('a replay store that asks for a certificate', () => {
  const startServer = () => startTlsRedis('', '--tls-auth-clients', 'yes')
  const shown = (name: string) => ({
    certFile: tlsFixture(`${name}cert.pem`),
    keyFile: tlsFixture(`${name}key.pem`),
  })

  it('is shown the one that is configured', async () => {
    const server = await startServer()
    const { gateway } = await startBefore(server, shown('client-'))
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    const body = freshBody()
    expect([await call(gateway, body), await call(gateway, body)]).toEqual([200, 409])
  })

  it.each([
    ['none', {}],
    ['one that nobody issued', shown('stranger-')],
  ])('is not asked with %s, and said why', async (_, replay) => {
    const server = await startServer()
    // TLS 1.3 tells it after the handshake: what is sent meanwhile can be reset before it is told.
    await expectRefused(await startBefore(server, replay), server, /alert|ECONNRESET/)
  })
})

describe('Sentinels over TLS', () => {
  const user =
    'user gateway on >of-sentinels &+switch-master -@all +sentinel +subscribe +info +ping'

  async function startBehindSentinel(password: string | undefined, replay: object) {
    const server = await startTlsRedis()
    const sentinel = await startTlsSentinel(server, 'requirepass of-default', user)
    const sentinelPassword =
      password === undefined ? undefined : { file: mountSecret({ password }).fileOf('password') }
    const sentinels = [sentinel.address]
    const where = { url: undefined, sentinels, sentinelName, sentinelPassword, ...replay }
    return { server, ...(await startBefore(server, where)) }
  }

  it.each([
    ['the default user', 'of-default', {}],
    ['a user of their own', 'of-sentinels', { sentinelUsername: 'gateway' }],
  ])('lead %s to the server', async (_, password, replay) => {
    const { gateway } = await startBehindSentinel(password, replay)
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    const body = freshBody()
    expect([await call(gateway, body), await call(gateway, body)]).toEqual([200, 409])
  })

  const stranger = { caFile: tlsFixture('second-cert.pem') }
  it.each([
    ['without a password', undefined, {}, 'NOAUTH'],
    ['with another password', 'of-nobody', {}, 'WRONGPASS'],
    ['of another authority', 'of-default', stranger, 'Last error: DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('are not asked %s, and said why', async (_, password, replay, why) => {
    const { server, app, gateway } = await startBehindSentinel(password, replay)
    await expectRefused({ app, gateway }, server, why)
  })
})

describe('a cluster over TLS', () => {
  it('is held to the name of its nodes, not to the address that it is looked up as', async () => {
    const server = await startTlsCluster('named-')
    const replay = { cluster: true, caFile: tlsFixture('named-cert.pem') }
    const { gateway } = await startBefore(server, replay)
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    const body = freshBody()
    expect([await call(gateway, body), await call(gateway, body)]).toEqual([200, 409])
  })

  it('is not used with a certificate of another CA, and the log says why', async () => {
    const server = await startTlsCluster('second-')
    const replay = { cluster: true }
    await expectRefused(await startBefore(server, replay), server, 'self-signed certificate')
  })
})
