/** Two gateways that learn function pairs together, while their Redis or Valkey is there and while it is not. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { startStoreServer, storePrograms, type RedisServer } from '../support/redis-server.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

async function startReplica(
  app: NamedApp,
  server: RedisServer,
  checks: object,
  replay: object = {},
): Promise<TestGateway> {
  const shared = { store: 'redis', url: server.url, timeout: '5s', coldStart: 'accept' }
  const config = { checks, replay: { ...shared, ...replay } }
  const gateway = track(await startTestGateway(app.url, config))
  const readiness = async () =>
    (await send({ port: gateway.opsPort, method: 'GET', target: '/readyz' })).status
  await expect.poll(readiness).toBe(200)
  return gateway
}

let serial = 0

async function call(gateway: TestGateway, fnId: string): Promise<number> {
  serial += 1
  const body = `{"ctx":{"fn_id":"id-of-a","request_id":"r${String(serial)}","run_id":"run-${String(serial)}"},"version":1}`
  const seconds = Math.floor(gateway.clock.wallMs / 1000)
  const headers = { 'x-inngest-signature': signatureHeader(testKey, body, seconds) }
  const target = `/api/inngest?fnId=${fnId}&stepId=step`
  return (await send({ port: gateway.port, target, body, headers })).status
}

const last = ({ logLines }: TestGateway) => logLines.findLast(({ msg }) => msg === 'request')

describe.each(storePrograms)('two gateways with one %s', (program) => {
  const startServer = () => startStoreServer(program)

  it('refuse what contradicts the calls that the other one admitted', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const checks = { functionId: 'enforce' }
    const one = await startReplica(app, server, checks)
    const other = await startReplica(app, server, checks)
    expect(await call(one, 'a')).toBe(200)
    expect(await call(other, 'a')).toBe(200)
    for (const gateway of [one, other]) {
      expect(await call(gateway, 'b')).toBe(401)
      expect(last(gateway)).toMatchObject({
        reason: 'function_id_mismatch',
        fn_id: 'b',
        expected_fn_id: 'a',
      })
      expect(await call(gateway, 'a')).toBe(200)
    }
    expect(app.requests).toHaveLength(4)
  })

  it('ask it nothing more of a pair that they know', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const gateway = await startReplica(app, server, {})
    for (let i = 0; i < 2; i += 1) expect(await call(gateway, 'a')).toBe(200)
    for (const key of await server.client.keys('*{pairs}*')) await server.client.del(key)
    expect(await call(gateway, 'b')).toBe(200)
    expect(last(gateway)?.['report_only']).toEqual(['function_id_mismatch'])
    expect(await server.client.keys('*{pairs}*')).toEqual([])
  })

  it('go on with what they know while it is down, if the claim does and the check only reports', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const gateway = await startReplica(app, server, { replay: 'report' })
    for (let i = 0; i < 2; i += 1) expect(await call(gateway, 'a')).toBe(200)
    await server.kill()
    expect(await call(gateway, 'b')).toBe(200)
    expect(last(gateway)?.['report_only']).toEqual([
      'function_id_mismatch',
      'replay_store_unavailable',
    ])
  })

  it('refuse calls of functions that they do not know while it is down, if enforced', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const checks = { replay: 'report', functionId: 'enforce' }
    const gateway = await startReplica(app, server, checks)
    await server.kill()
    expect(await call(gateway, 'a')).toBe(503)
    expect(last(gateway)).toMatchObject({
      decision: 'failed',
      reason: 'replay_store_unavailable',
    })
    expect(app.requests).toEqual([])
  })

  it('learn by themselves while it is down, if they are to', async () => {
    const [app, server] = [await startNamedApp('app'), await startServer()]
    const checks = { functionId: 'enforce' }
    const gateway = await startReplica(app, server, checks, { whenUnavailable: 'memory' })
    await server.kill()
    for (let i = 0; i < 2; i += 1) expect(await call(gateway, 'a')).toBe(200)
    expect(await call(gateway, 'b')).toBe(401)
  })
})
