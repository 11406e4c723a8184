/** The real SDK behind a gateway that limits its function calls: each call runs its function, only later. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { callBody, callTarget, startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import {
  fallbackKey,
  startTestGateway,
  testKey,
  type TestGateway,
} from '../support/test-gateway.ts'

describe('the real SDK behind a route with limits', () => {
  let app: SdkApp
  let gateway: TestGateway

  beforeAll(async () => {
    app = await startSdkApp(testKey, fallbackKey)
    const limits = { maxRequestsInFlight: 20, rate: '10/s', maxWait: '1m' }
    const route = { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }], limits }
    gateway = await startTestGateway(app.url, { routes: [route] })
  })
  afterAll(async () => {
    await gateway.stop()
    app.stop()
  })

  it('runs its function for each of thirty calls that come at once', async () => {
    const calls = Array.from({ length: 30 }, (_, i) => {
      const body = callBody(`limited-${String(i)}`)
      const nowSeconds = Math.floor(gateway.clock.wallMs / 1000)
      const headers = {
        'content-type': 'application/json',
        'x-inngest-signature': signatureHeader(testKey, body, nowSeconds),
      }
      return send({ port: gateway.port, target: callTarget, headers, body })
    })
    const metrics = () => gateway.metricsText()
    await expect.poll(metrics).toContain('inngest_gateway_route_requests_waiting{route="app"} 20')
    expect(app.runs()).toBeLessThanOrEqual(10)
    await expect
      .poll(() => {
        gateway.clock.monotonic += 1000
        return app.runs()
      })
      .toBe(30)
    for (const answer of await Promise.all(calls)) {
      expect(answer.body).toContain('hello from the function')
      expect(answer.status).toBe(200)
    }
    const waited = gateway.logLines.filter((line) => 'waited_ms' in line)
    expect(waited.map(({ decision }) => decision)).toEqual(Array<string>(20).fill('admitted'))
  })
})
