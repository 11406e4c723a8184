/**
 * Filling the line of an app: calls wait for `limits` of a route, so whoever can make calls wait
 * could keep out Inngest's. One captured call is sent many times, and forged ones with it:
 *
 *   POST /api/inngest … X-Inngest-Signature: <of a call that waits already>        (many times)
 */
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { freshBody, gauge, signedCall, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** An app that responds when the test says so. */
async function startSlowApp() {
  const held: ServerResponse[] = []
  const server = createServer((request, response) => {
    request.resume()
    held.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { held, url }
}

function limited(url: string, limits: object) {
  return {
    routes: [
      { name: 'app', upstream: url, signingKeys: [{ env: 'PRIMARY' }], limits },
      { name: 'other', path: '/other', upstream: url, signingKeys: [{ env: 'PRIMARY' }] },
    ],
  }
}

async function waitingOf(target: Target): Promise<number> {
  return gauge(await target.metrics(), 'route_requests_waiting{route="app"}')
}

describe('calls that wait for their app', () => {
  it('are verified and used for the first time, so that a captured call cannot fill the line', async () => {
    const { held, url } = await startSlowApp()
    const target = await startTarget(limited(url, { maxRequestsInFlight: 1, maxWait: '1m' }))
    const first = target.raw(signedCall(target))
    await expect.poll(() => held.length).toBe(1)
    const captured = signedCall(target)
    const second = target.raw(captured)
    await expect.poll(() => waitingOf(target)).toBe(1)
    const copies = await Promise.all(Array.from({ length: 20 }, () => target.raw(captured)))
    expect(copies.map(statusOf)).toEqual(Array<number>(20).fill(409))
    const forged = signedCall(target).replace(/s=[0-9a-f]{8}/, 's=00000000')
    expect(statusOf(await target.raw(forged))).toBe(401)
    expect(await waitingOf(target)).toBe(1)
    held.shift()?.end()
    await expect.poll(() => held.length).toBe(1)
    held.shift()?.end()
    expect((await Promise.all([first, second])).map(statusOf)).toEqual([200, 200])
  })

  it('leave half of the memory and of the places to other routes', async () => {
    const { held, url } = await startSlowApp()
    const target = await startTarget({
      ...limited(url, { maxRequestsInFlight: 1, maxWait: '1m' }),
      limits: { maxRequestsInFlight: 8, maxBufferedSize: '64KiB', maxBodySize: '16KiB' },
    })
    const filler = () => freshBody().replace('"run"', `"${'r'.repeat(12_000)}"`)
    const flood = Array.from({ length: 6 }, () => target.raw(signedCall(target, [], filler())))
    await expect.poll(() => waitingOf(target)).toBe(2)
    await expect
      .poll(() => target.reasons())
      .toEqual(['app_queue_full', 'app_queue_full', 'app_queue_full'])
    const calls = held.length
    const other = target.raw(signedCall(target, [], filler()).replace('/api/inngest', '/other'))
    await expect.poll(() => held.length).toBe(calls + 1)
    while (target.reasons().length < 7) {
      held.shift()?.end()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(statusOf(await other)).toBe(200)
    const statuses = (await Promise.all(flood)).map(statusOf).sort()
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429])
  })
})
