/**
 * The judge of `npm run test:live` on what a real Inngest server sent once (test/vectors/recorded), sent again
 * through a gateway, and on what a gateway that decides wrongly would have logged.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { judge } from '../live/judge.ts'
import { ledgerOf, textOf } from '../live/ledger.ts'
import { arrivalOf, type Arrival, type Observed } from '../live/observed.ts'
import { recordedKey, recordedRequests } from '../support/recorded.ts'
import { send } from '../support/sender.ts'
import { startTestGateway } from '../support/test-gateway.ts'

const wantedTraffic = ['app sync', 'app call']

describe('the judge of a live run', () => {
  const arrivals: Arrival[] = []
  const app = createServer((request, response) => {
    arrivals.push(arrivalOf(request))
    request.resume().on('end', () => response.end('ok'))
  })
  let upstream = ''

  beforeAll(async () => {
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
  })
  afterAll(() => {
    app.close()
    app.closeAllConnections()
  })

  /** @param times how often each request is sent. */
  async function replay(config: object = {}, times = 1): Promise<Observed> {
    arrivals.length = 0
    const start = recordedRequests[0]?.receivedAtMs ?? 0
    const routes = [{ name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }] }]
    const keys = { primary: recordedKey, fallback: 'unused' }
    const gateway = await startTestGateway(upstream, { routes, ...config }, start, keys)
    for (const { method, target, body, headers, receivedAtMs } of recordedRequests) {
      gateway.clock.wallMs = receivedAtMs
      const fields = Object.fromEntries(headers.filter(([name]) => name !== 'Connection'))
      const request = { port: gateway.port, method, target, body, headers: fields }
      for (let time = 0; time < times; time += 1) await send(request)
    }
    const lines = gateway.logLines.filter(({ msg }) => msg === 'request')
    await gateway.stop()
    return { lines, arrivals: [...arrivals], outcomes: [], wantedTraffic }
  }

  it('finds no wrong decision in recorded traffic, and counts all of it', async () => {
    const observed = await replay()
    expect(judge(observed)).toEqual([])
    const { traffic, arrivals: arrived } = ledgerOf(observed)
    const rest = { refused: 0, failed: 0, reported: 0 }
    expect(Object.fromEntries(traffic)).toEqual({
      'app sync': { requests: 1, admitted: 1, ...rest },
      'app call': { requests: 62, admitted: 62, ...rest },
    })
    expect(arrived).toBe(recordedRequests.length)
    expect(textOf(ledgerOf(observed))).toContain('arrived at the app: 63')
  })

  it('finds each request that is refused', async () => {
    const observed = await replay({ allowlist: ['192.0.2.0/24'] })
    const wrong = judge(observed)
    expect(wrong).toHaveLength(recordedRequests.length)
    expect(wrong[0]).toBe(
      'an honest request was refused: app sync /api/inngest, client_not_allowed, 403',
    )
    expect(observed.arrivals).toEqual([])
  })

  it('finds each request that a check in report mode would refuse', async () => {
    const wrong = judge(
      await replay({ allowlist: ['192.0.2.0/24'], checks: { allowlist: 'report' } }),
    )
    expect(wrong).toHaveLength(recordedRequests.length)
    expect(wrong.at(-1)).toBe(
      'an honest request was reported: app call shop-invoker, ["client_not_allowed"]',
    )
  })

  it('finds each call that is admitted twice, also if nothing else is logged about it', async () => {
    const observed = await replay({ checks: { replay: 'off' } }, 2)
    const wrong = judge(observed)
    expect(observed.lines.every(({ decision }) => decision === 'admitted')).toBe(true)
    expect(wrong).toHaveLength(recordedRequests.length)
    expect(
      wrong.filter((text) => /^the app got it twice: \w+ \/api\/inngest t=/.test(text)),
    ).toEqual(wrong)
  })
})
