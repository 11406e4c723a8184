/** What the sender gets when the app breaks, and what the app gets when the sender leaves. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { call, startBehind, stops, track } from '../support/app-behind-gateway.ts'
import { signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

describe('upstream faults', () => {
  it.each([301, 302, 303])('turns a %i into a 502 that says so', async (status) => {
    const gateway = await startBehind((_request, response) =>
      response.writeHead(status, { location: '/x' }).end(),
    )
    const answer = await call(gateway)
    expect([answer.status, gateway.logLines.at(-1)?.['reason']]).toEqual([502, 'upstream_redirect'])
    expect(answer.body).toContain('redirect')
  })

  it('answers 502 for an app that refuses, resets or speaks no HTTP', async () => {
    const refuses = track(await startTestGateway('http://127.0.0.1:1'))
    expect((await call(refuses)).status).toBe(502)
    expect(refuses.logLines.at(-1)?.['reason']).toBe('upstream_connect')
    const resets = await startBehind((request) => request.socket.destroy())
    expect((await call(resets)).status).toBe(502)
    expect(resets.logLines.at(-1)?.['reason']).toBe('upstream_reset')
    const babbler = net.createServer((socket) =>
      socket.on('data', () => socket.write('hello\r\n\r\n')).on('error', () => undefined),
    )
    babbler.listen(0, '127.0.0.1')
    await once(babbler, 'listening')
    stops.push(() => babbler.close())
    const babbles = track(
      await startTestGateway(`http://127.0.0.1:${String((babbler.address() as AddressInfo).port)}`),
    )
    const answer = await call(babbles)
    expect([answer.status, babbles.logLines.at(-1)?.['reason']]).toEqual([502, 'upstream_protocol'])
    expect(answer.headers['x-inngest-sdk']).toBeUndefined()
  })

  it('answers 504 for an app that is silent', async () => {
    const gateway = await startBehind(() => undefined, { upstream: { responseTimeout: '1s' } })
    expect((await call(gateway)).status).toBe(504)
    expect(gateway.logLines.at(-1)?.['reason']).toBe('upstream_timeout')
  })

  it('cuts the answer where the app cuts it, so that it does not look complete', async () => {
    const gateway = await startBehind((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => request.socket.destroy(), 50)
    })
    await expect(call(gateway)).rejects.toThrow()
    expect(gateway.logLines.at(-1)).toMatchObject({
      decision: 'failed',
      reason: 'upstream_reset',
      status: 200,
    })
  })

  it('cancels the call when the client leaves', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    let leave = () => {}
    const gateway = await startBehind((request) => {
      request.socket.on('close', () => {
        resolve('cancelled')
      })
      leave()
    })
    const body = '{"ctx":{"request_id":"leaver","run_id":"run"}}'
    const headers = {
      'x-inngest-signature': signatureHeader(
        testKey,
        body,
        Math.floor(gateway.clock.wallMs / 1000),
      ),
    }
    const request = httpRequest({
      port: gateway.port,
      method: 'POST',
      path: '/api/inngest',
      headers,
    })
    request.on('error', () => undefined)
    // An end alone may be a client that waits for its response (RFC 9112 9.6).
    leave = () => request.socket?.resetAndDestroy()
    request.end(body)
    expect(await promise).toBe('cancelled')
    await expect.poll(() => gateway.logLines.at(-1)?.['reason']).toBe('downstream_closed')
  })
})
