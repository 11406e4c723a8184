/** A call of which no byte reached the app has used nothing up: another replica may be tried with it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'

import { describe, expect, it } from 'vitest'

import { startBehind, stops, track } from '../support/app-behind-gateway.ts'
import { startNamedApp } from '../support/apps.ts'
import { freshBody } from '../support/attack.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

/** One signed call, as often as it is sent. */
function callOf({ clock }: TestGateway) {
  const body = freshBody()
  const signature = signatureHeader(testKey, body, Math.floor(clock.wallMs / 1000))
  const headers = { 'x-inngest-signature': signature }
  return async ({ port }: TestGateway, target = '/api/inngest') =>
    (await send({ port, body, headers, target })).status
}

const lastLine = ({ logLines }: TestGateway) => logLines.findLast(({ msg }) => msg === 'request')

async function listenOn(port: number, onCall: () => void): Promise<void> {
  const app = createServer((request, response) => {
    onCall()
    request.resume().on('end', () => response.end('ok'))
  })
  app.listen(port, '127.0.0.1')
  await once(app, 'listening')
  stops.push(() => {
    app.closeAllConnections()
    app.close()
  })
}

async function startTcp(onSocket: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe('a call that did not reach the app', () => {
  it('is admitted when it comes again and the app is there', async () => {
    const port = await freePort()
    const gateway = track(await startTestGateway(`http://127.0.0.1:${String(port)}`))
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(502)
    expect(lastLine(gateway)).toMatchObject({ reason: 'upstream_connect', claim: 'released' })
    let calls = 0
    await listenOn(port, () => (calls += 1))
    expect(await sendCall(gateway)).toBe(200)
    expect(lastLine(gateway)).not.toHaveProperty('claim')
    expect(await sendCall(gateway)).toBe(409)
    expect(calls).toBe(1)
    const metrics = await gateway.metricsText()
    expect(metrics).toContain('inngest_gateway_replay_claims_total{result="released"} 1')
    expect(metrics).toContain('inngest_gateway_replay_claims_total{result="claimed"} 2')
  })

  it('is not spent by a name that is not found', async () => {
    const gateway = track(await startTestGateway('http://app.invalid:3000'))
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(502)
    expect(await sendCall(gateway)).toBe(502)
    expect(lastLine(gateway)).toMatchObject({ reason: 'upstream_connect', claim: 'released' })
  })

  it('is not spent by a TLS handshake that fails', async () => {
    const port = await startTcp((socket) => socket.on('data', () => socket.end('no TLS here')))
    const gateway = track(await startTestGateway(`https://127.0.0.1:${String(port)}`))
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(502)
    expect(await sendCall(gateway)).toBe(502)
    expect(lastLine(gateway)).toMatchObject({ reason: 'upstream_connect', claim: 'released' })
  })

  it('is not spent by a connection that takes too long', async () => {
    const port = await startTcp(() => undefined)
    const upstream = { connectTimeout: '1s' }
    const gateway = track(await startTestGateway(`https://127.0.0.1:${String(port)}`, { upstream }))
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(504)
    expect(await sendCall(gateway)).toBe(504)
    expect(lastLine(gateway)).toMatchObject({ reason: 'upstream_timeout', claim: 'released' })
  }, 20_000)
})

describe('a call that may have reached the app', () => {
  it('stays spent when the app breaks off', async () => {
    const gateway = await startBehind((request) => request.socket.destroy())
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(502)
    expect(lastLine(gateway)).not.toHaveProperty('claim')
    expect(await sendCall(gateway)).toBe(409)
  })

  it('stays spent when the app is silent', async () => {
    const gateway = await startBehind(() => undefined, { upstream: { responseTimeout: '1s' } })
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(504)
    expect(await sendCall(gateway)).toBe(409)
  })

  it('stays spent when the app closes a connection that was kept alive', async () => {
    let calls = 0
    const gateway = await startBehind((request, response) => {
      if ((calls += 1) === 1) response.end('ok')
      else request.socket.destroy()
    })
    expect(await callOf(gateway)(gateway)).toBe(200)
    const sendCall = callOf(gateway)
    expect(await sendCall(gateway)).toBe(502)
    expect(await sendCall(gateway)).toBe(409)
    expect(calls).toBe(2)
  })
})

describe('replicas that share a replay cache', () => {
  async function startReplica(upstream: string, { url }: RedisServer, more: object = {}) {
    const replay = { store: 'redis', url, timeout: '5s', coldStart: 'accept', ...more }
    const settings = { replay, upstream: { connectTimeout: '2s' } }
    const gateway = track(await startTestGateway(upstream, settings))
    await expect.poll(() => gateway.metricsText()).toContain('inngest_gateway_replay_store_up 1')
    return gateway
  }

  it.each(['refuse', 'memory'])(
    'let the second be tried where the first reaches no app (whenUnavailable: %s)',
    { tags: ['redis'] },
    async (whenUnavailable) => {
      const [app, server] = [await startNamedApp('app'), await startRedis()]
      const nowhere = `http://127.0.0.1:${String(await freePort())}`
      const first = await startReplica(nowhere, server, { whenUnavailable })
      const second = await startReplica(app.url, server, { whenUnavailable })
      const sendCall = callOf(first)
      expect(await sendCall(first)).toBe(502)
      expect(await sendCall(second)).toBe(200)
      expect(await sendCall(first)).toBe(409)
      expect(await sendCall(second)).toBe(409)
      expect(app.requests).toHaveLength(1)
    },
  )

  it(
    'leave it spent where the cache cannot be told',
    { tags: ['redis'], timeout: 20_000 },
    async () => {
      const server = await startRedis()
      const connected = Promise.withResolvers<undefined>()
      const port = await startTcp(() => {
        connected.resolve(undefined)
      })
      const gateway = await startReplica(`https://127.0.0.1:${String(port)}`, server)
      const sendCall = callOf(gateway)
      const answer = sendCall(gateway)
      await connected.promise
      await server.kill()
      expect(await answer).toBe(504)
      expect(lastLine(gateway)).toMatchObject({ claim: 'not_released' })
    },
  )
})

it('admits the target of a redirect that did not reach its app again, once', async () => {
  const port = await freePort()
  const target = '/api/moved'
  const redirecting = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(307, { location: target }).end())
  }).listen(0, '127.0.0.1')
  await once(redirecting, 'listening')
  stops.push(() => {
    redirecting.closeAllConnections()
    redirecting.close()
  })
  const from = `http://127.0.0.1:${String((redirecting.address() as AddressInfo).port)}`
  const signingKeys = [{ env: 'PRIMARY' }]
  const routes = [
    { name: 'app', upstream: from, signingKeys },
    { name: 'moved', path: target, upstream: `http://127.0.0.1:${String(port)}`, signingKeys },
  ]
  const gateway = track(await startTestGateway(from, { routes }))
  const sendCall = callOf(gateway)
  expect(await sendCall(gateway)).toBe(307)
  expect(await sendCall(gateway, target)).toBe(502)
  expect(lastLine(gateway)).toMatchObject({ claim: 'released' })
  expect(await sendCall(gateway)).toBe(409)
  let calls = 0
  await listenOn(port, () => (calls += 1))
  expect(await sendCall(gateway, target)).toBe(200)
  expect(await sendCall(gateway, target)).toBe(409)
  expect(calls).toBe(1)
})
