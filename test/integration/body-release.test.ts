/** Steps may last two hours: what was sent to the app must not be held for as long. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { expectQuiet, gauge, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const MIB = 1_048_576
const CALLS = 12

describe('the gateway', () => {
  it('holds nothing of a body while the app works', async () => {
    const waiting: ServerResponse[] = []
    const app = createServer((request, response) => {
      request.resume().on('end', () => waiting.push(response))
    }).listen(0, '127.0.0.1')
    await once(app, 'listening')
    const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
    // Room for five such bodies, not for twelve.
    const target = await startTarget({
      limits: { maxBodySize: '4MiB', maxBufferedSize: '24MiB' },
      routes: [{ name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }] }],
    })
    const answers: Promise<string>[] = []
    for (let i = 0; i < CALLS; i += 1) {
      const id = `{"ctx":{"request_id":"held-${String(i)}","run_id":"run"},"x":"`
      const body = `${id}${'x'.repeat(4 * MIB - id.length - 2)}"}`
      answers.push(target.raw(signedCall(target, [], body), { waitMs: 60_000 }))
      await expect.poll(() => waiting.length, { timeout: 10_000 }).toBe(i + 1)
    }
    const metrics = await target.metrics()
    expect(gauge(metrics, 'requests_in_flight')).toBe(CALLS)
    expect(gauge(metrics, 'buffered_bytes')).toBe(0)
    for (const response of waiting) response.end('done')
    expect((await Promise.all(answers)).map(statusOf)).toEqual(Array<number>(CALLS).fill(200))
    await expectQuiet(target)
    app.close()
    app.closeAllConnections()
  }, 60_000)
})
