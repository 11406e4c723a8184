/** Several workers that share their replay cache with other gateways, while it is there and while not. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  postCall,
  readiness,
  signCall,
  startGatewayProcess,
  startWorkers,
  workersIn,
  type GatewayProcess,
  type SignedCall,
} from '../support/gateway-process.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'

/** Its server has just started, and what was signed before is not what these are about. */
const sharedBy = ({ url }: RedisServer, more: object = {}) => ({
  replay: { store: 'redis', url, timeout: '10s', coldStart: 'accept', ...more },
})

/** @returns the statuses of so many copies to each of these, sent at once. */
async function copies(count: number, gateways: readonly GatewayProcess[], call: SignedCall) {
  const ports = gateways.flatMap(({ port }) => Array<number>(count).fill(port))
  const answers = await Promise.all(ports.map((port) => postCall(port, call)))
  return answers.map(({ status }) => status).sort()
}

/** Of so many copies one is let in. */
const oneOf = (count: number) => [200, ...Array<number>(count - 1).fill(409)]

const isUp = (gateway: GatewayProcess, up: 0 | 1) =>
  expect
    .poll(async () => (await gateway.ops('/metrics')).body, patient)
    .toContain(`inngest_gateway_replay_store_up ${String(up)}\n`)

const workersThatSaid = (gateway: GatewayProcess, text: string) =>
  gateway.log
    .filter(({ msg }) => String(msg).includes(text))
    .map(({ worker }) => worker)
    .sort()

describe('workers with a shared replay cache', () => {
  it('admit one of many copies, sent to each of them and to another gateway at once', async () => {
    const [app, server] = [await startNamedApp('app'), await startRedis()]
    const gateway = await startWorkers(app.url, sharedBy(server))
    const other = await startGatewayProcess(app.url, sharedBy(server))
    await expect.poll(() => readiness(other), patient).toBe('200 ok')
    for (let i = 0; i < 5; i += 1) {
      expect(await copies(100, [gateway, other], signCall())).toEqual(oneOf(200))
    }
    expect(app.requests).toHaveLength(5)
    await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
    await expect.poll(() => workersIn(other).size, patient).toBe(1)
    // What one of them has let in, none of the others does.
    const call = signCall()
    expect((await postCall(other.port, call)).status).toBe(200)
    expect(await copies(20, [gateway, other], call)).toEqual(Array<number>(40).fill(409))
  }, 60_000)

  it('tell replays by what their machine remembers while it is down, if they are to, and say so', async () => {
    const [app, server] = [await startNamedApp('app'), await startRedis()]
    const gateway = await startWorkers(app.url, sharedBy(server, { whenUnavailable: 'memory' }))
    await isUp(gateway, 1)
    const before = signCall()
    for (const call of [before, ...Array.from({ length: 9 }, () => signCall())]) {
      expect(await copies(100, [gateway], call)).toEqual(oneOf(100))
    }
    await server.kill()
    await isUp(gateway, 0)
    const during = signCall()
    expect(await copies(100, [gateway], before)).toEqual(Array<number>(100).fill(409))
    for (const call of [during, ...Array.from({ length: 4 }, () => signCall())]) {
      expect(await copies(100, [gateway], call)).toEqual(oneOf(100))
    }
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    expect(workersThatSaid(gateway, 'shared replay store unreachable')).toEqual([1, 2])

    await server.start()
    await isUp(gateway, 1)
    // The server was never told of it; the machine remembers.
    expect(await copies(100, [gateway], during)).toEqual(Array<number>(100).fill(409))
    expect(await copies(100, [gateway], signCall())).toEqual(oneOf(100))
    expect(workersThatSaid(gateway, 'shared replay store in use again')).toEqual([1, 2])
    expect(app.requests).toHaveLength(16)
  }, 60_000)
})
