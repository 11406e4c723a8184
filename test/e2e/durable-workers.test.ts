/** Re-entries at several workers and at gateways that share a replay cache: each is admitted once. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import { durableHost, freshIds } from '../support/durable-route.ts'
import {
  patient,
  readiness,
  startGatewayProcess,
  startWorkers,
  workersIn,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { send, signatureHeader } from '../support/sender.ts'

const ownKey = 'signkey-test-99999999999999999999999999999999'

const configOf = (upstream: string, more: object = {}) => ({
  routes: [
    { name: 'functions', upstream, signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }] },
    {
      name: 'endpoints',
      policy: 'durable',
      path: '/endpoints',
      host: durableHost,
      upstream,
      signingKeys: [{ env: 'INNGEST_SIGNING_KEY_FALLBACK' }],
      requireOwnKeys: true,
    },
  ],
  ...more,
})

const sign = () => signatureHeader(ownKey, '', Math.floor(Date.now() / 1000))

function reenter({ port }: GatewayProcess, ids: Record<string, string>, signature: string) {
  const headers = { host: durableHost, 'x-inngest-signature': signature, ...ids }
  return send({ port, method: 'GET', target: '/endpoints/a', headers })
}

/** Sends a hundred re-entries with one signature, three times at once. @returns how often each status came. */
async function sendThrice(gateways: readonly GatewayProcess[]): Promise<Record<string, number>> {
  const runs = Array.from({ length: 100 }, () => freshIds())
  const signature = sign()
  const answers = await Promise.all(
    [...runs, ...runs, ...runs].map((ids, i) => {
      const gateway = gateways[i % gateways.length]
      if (gateway === undefined) throw new Error('no gateway')
      return reenter(gateway, ids, signature)
    }),
  )
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe('re-entries with one signature', () => {
  it('are admitted once each by two workers, and at most a thousand', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url, configOf(app.url))
    expect(await sendThrice([gateway])).toEqual({ 200: 100, 409: 200 })
    expect(app.requests).toHaveLength(100)
    await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
    const signature = sign()
    const statuses: number[] = []
    for (let i = 0; i < 11; i += 1) {
      const some = Array.from({ length: 100 }, () => reenter(gateway, freshIds(), signature))
      statuses.push(...(await Promise.all(some)).map(({ status }) => status))
    }
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1000)
    expect(statuses.slice(1000)).toEqual(Array<number>(100).fill(503))
  }, 60_000)

  it('are admitted once each by gateways that share a Redis', async () => {
    const [app, server] = [await startNamedApp('app'), await startRedis()]
    const replay = { store: 'redis', url: server.url, timeout: '10s', coldStart: 'accept' }
    const config = configOf(app.url, { replay })
    const gateways = [
      await startWorkers(app.url, config),
      await startGatewayProcess(app.url, config),
    ]
    for (const gateway of gateways) {
      await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    }
    expect(await sendThrice(gateways)).toEqual({ 200: 100, 409: 200 })
    expect(app.requests).toHaveLength(100)
  }, 60_000)
})
