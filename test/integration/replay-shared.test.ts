/** Two gateways that share a replay cache in Redis or Valkey, while that is there and while it is not. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { freshBody } from '../support/attack.ts'
import { startNetwork } from '../support/network.ts'
import { startStoreServer, storePrograms, type RedisServer } from '../support/redis-server.ts'
import { send, signatureHeader, type Answer } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

/** Its server has just started, and what was signed before is not what these are about. */
async function startReplica(
  app: NamedApp,
  server: Pick<RedisServer, 'url'>,
  replay: object = {},
): Promise<TestGateway> {
  const shared = { store: 'redis', url: server.url, timeout: '1s', coldStart: 'accept' }
  return track(await startTestGateway(app.url, { replay: { ...shared, ...replay } }))
}

const readiness = async (gateway: TestGateway) => {
  const answer = await send({ port: gateway.opsPort, method: 'GET', target: '/readyz' })
  return `${String(answer.status)} ${answer.body.trim()}`
}

const isReady = (gateway: TestGateway) => expect.poll(() => readiness(gateway)).toBe('200 ok')

function sign(gateway: TestGateway, body: string): string {
  return signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
}

function call(
  gateway: TestGateway,
  body = freshBody(),
  signature = sign(gateway, body),
): Promise<Answer> {
  return send({ port: gateway.port, body, headers: { 'x-inngest-signature': signature } })
}

/** Of a call whose claim is answered in time, which a busy server does not do at once. */
async function statusInTime(gateway: TestGateway, body: string): Promise<number> {
  let status = 503
  const again = async () => (status = (await call(gateway, body)).status)
  await expect.poll(again).not.toBe(503)
  return status
}

describe.each(storePrograms)('two gateways with one replay cache in a %s', (program) => {
  const startServer = () => startStoreServer(program)

  it('admit one of a thousand copies of a call, sent to both at once', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const patient = { timeout: '10s' }
    const gateways = [
      await startReplica(app, server, patient),
      await startReplica(app, server, patient),
    ] as const
    for (const gateway of gateways) await isReady(gateway)
    const body = freshBody()
    // Signed once: the clocks of the two may stand in different seconds.
    const signature = sign(gateways[0], body)
    const copies = Array.from({ length: 1000 }, (_, i) =>
      call(gateways[i % 2 === 0 ? 0 : 1], body, signature),
    )
    const statuses = (await Promise.all(copies)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(999)
    expect(app.requests).toHaveLength(1)
  })

  it('refuse with 503 and Retry-After while it is down, stay ready, and go on by themselves', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const gateway = await startReplica(app, server)
    await isReady(gateway)
    await server.kill()
    const refused = await call(gateway)
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('5')
    expect(gateway.logLines.findLast(({ msg }) => msg === 'request')).toMatchObject({
      decision: 'failed',
      reason: 'replay_store_unavailable',
    })
    await expect.poll(() => gateway.metricsText()).toContain('inngest_gateway_replay_store_up 0')
    expect(await readiness(gateway)).toBe('200 ok')
    await server.start()
    await expect.poll(async () => (await call(gateway)).status, { timeout: 10_000 }).toBe(200)
    expect(await gateway.metricsText()).toContain('inngest_gateway_replay_store_up 1')
    const said = gateway.logLines.map(({ msg }) => msg)
    expect(said).toContain('replay store unavailable')
    expect(said).toContain('replay store available again')
  })

  it('hang for no longer than they may when it is paused', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const gateway = await startReplica(app, server, { timeout: '100ms' })
    await isReady(gateway)
    server.pause()
    const body = freshBody()
    expect((await call(gateway, body)).status).toBe(503)
    server.resume()
    await expect.poll(async () => (await call(gateway)).status).toBe(200)
    expect(await statusInTime(gateway, body)).toBe(409)
    expect(app.requests.filter((request) => request.body === body)).toEqual([])
  })

  it('admit nothing that it answers too late, and all again when it is fast', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const network = await startNetwork(server.port)
    const slow = { url: `redis://127.0.0.1:${String(network.port)}` }
    const gateway = await startReplica(app, slow, { timeout: '400ms' })
    await isReady(gateway)
    network.setDelay(50)
    await expect.poll(async () => (await call(gateway)).status).toBe(200)
    network.hold()
    const late = [freshBody(), freshBody(), freshBody()]
    const answers = await Promise.all(late.map((body) => call(gateway, body)))
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
    network.setDelay(0)
    network.letGo()
    await expect.poll(async () => (await call(gateway)).status).toBe(200)
    // Spent all the same, as the server was told of them.
    const again = await Promise.all(late.map((body) => statusInTime(gateway, body)))
    expect(again).toEqual([409, 409, 409])
    const reached = app.requests.filter((request) => late.includes(request.body))
    expect(reached).toEqual([])
  })

  it('say nothing but that it can be asked, where it is there from the start', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const gateway = await startReplica(app, server)
    await isReady(gateway)
    const said = gateway.logLines.map(({ msg }) => msg)
    expect(said).toContain('replay store available again')
    expect(said).not.toContain('replay store unavailable')
  })

  it('are not ready before it was there once', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    await server.kill()
    const gateway = await startReplica(app, server)
    expect(await readiness(gateway)).toBe('503 replay store')
    await server.start()
    await isReady(gateway)
  })

  it('are ready only when a call that is signed now is admitted', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const wallMs = Date.now()
    const since = Math.floor(wallMs / 1000)
    await server.client.set('inngest-gateway:since', since)
    const replay = { store: 'redis', url: server.url, timeout: '5s' }
    const gateway = track(await startTestGateway(app.url, { replay }, wallMs))
    await expect.poll(() => readiness(gateway)).toBe('503 starting')
    gateway.clock.wallMs = (since + 2) * 1000 - 1
    expect(await readiness(gateway)).toBe('503 starting')
    gateway.clock.wallMs += 1
    expect(await readiness(gateway)).toBe('200 ok')
    expect((await call(gateway)).status).toBe(200)
  })

  it('say in the log why they are not ready, again each minute, and that they are', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    await server.kill()
    const gateway = await startReplica(app, server)
    const said = () => gateway.logLines.filter(({ msg }) => msg === 'not ready')
    expect(await readiness(gateway)).toBe('503 replay store')
    gateway.clock.monotonic += 5000
    await expect.poll(() => said().length, { timeout: 5000 }).toBe(1)
    expect(said()[0]).toMatchObject({ level: 40, why: 'replay store', for_seconds: 5 })
    expect(said()[0]?.['detail']).toContain('not connected')
    gateway.clock.monotonic += 60_000
    await expect.poll(() => said().length, { timeout: 5000 }).toBe(2)
    expect(gateway.logLines.map(({ msg }) => msg)).not.toContain('ready')
    await server.start()
    await isReady(gateway)
    const messages = () => gateway.logLines.map(({ msg }) => msg)
    await expect.poll(messages, { timeout: 5000 }).toContain('ready')
  })

  it('tell replays by themselves while it is down, if they are to, and say so', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const gateway = await startReplica(app, server, { whenUnavailable: 'memory' })
    await expect.poll(() => gateway.metricsText()).toContain('inngest_gateway_replay_store_up 1')
    await server.kill()
    const body = freshBody()
    expect((await call(gateway, body)).status).toBe(200)
    expect((await call(gateway, body)).status).toBe(409)
    await server.start()
    await expect
      .poll(() => gateway.metricsText(), { timeout: 10_000 })
      .toContain('inngest_gateway_replay_store_up 1')
    // The shared store was never told of it; this gateway remembers.
    expect((await call(gateway, body)).status).toBe(409)
    expect((await call(gateway)).status).toBe(200)
    const said = gateway.logLines.map(({ msg }) => msg)
    expect(said).toContain(
      'shared replay store unreachable: using local memory, so a replay to another replica can be admitted',
    )
    expect(said).toContain('shared replay store in use again')
  })

  it('let calls on where replays are only reported, and count what they could not tell', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const replay = { store: 'redis', url: server.url, timeout: '1s', coldStart: 'accept' }
    const checks = { replay: 'report' }
    const gateway = track(await startTestGateway(app.url, { replay, checks }))
    await isReady(gateway)
    await server.kill()
    expect((await call(gateway)).status).toBe(200)
    expect(await gateway.metricsText()).toContain(
      'inngest_gateway_report_only_refusals_total{route="app",reason="replay_store_unavailable"} 1',
    )
  })
})
