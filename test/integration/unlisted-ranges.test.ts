/** A range of Inngest that the allowlist lacks: refused, and reported in the log, the metrics and the status page. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { freshBody, startTarget } from '../support/attack.ts'
import { durableConfig, durableHost, freshIds } from '../support/durable-route.ts'
import { startLenientUpstream } from '../support/lenient-upstream.ts'
import { open } from '../support/raw.ts'
import { recordedKey, recordedRequests, type RecordedRequest } from '../support/recorded.ts'
import { send } from '../support/sender.ts'
import { forgedKey } from '../support/status-traffic.ts'
import { fallbackKey, startTestGateway } from '../support/test-gateway.ts'
import {
  capture,
  expectReadings,
  listed,
  lookedUp,
  nextReading,
  readings,
  reportedRanges,
  sendFrom,
  sendMany,
  startUnlisted,
  unlisted,
  unlistedRange,
  warnings,
} from '../support/unlisted.ts'

const MEANING =
  'validly signed requests come from 203.0.113.0/24, which no listed range contains; this can also be a replayed capture'

describe('validly signed function calls from outside the allowlist', () => {
  it('are refused, and reported from the 20th on', async () => {
    const target = await startUnlisted()
    await sendMany(target, 19)
    await expectReadings(target, { verified: 19 })
    expect(await target.metrics()).toContain('inngest_gateway_unlisted_ranges 0')
    expect([warnings(target), await reportedRanges(target)]).toEqual([[], []])
    await sendMany(target, 1, '203.0.113.200')
    await expect.poll(() => warnings(target), lookedUp).toHaveLength(1)
    expect(warnings(target)).toMatchObject([
      { level: 40, range: unlistedRange, routes: ['app'], signatures: 20, meaning: MEANING },
    ])
    expect(await target.metrics()).toContain('inngest_gateway_unlisted_ranges 1')
    expect(await reportedRanges(target)).toMatchObject([
      { range: unlistedRange, routes: ['app'], signatures: 20, isActive: true },
    ])
    expect(new Set(target.reasons().filter(Boolean))).toEqual(new Set(['client_not_allowed']))
    expect(target.upstream.seen).toEqual([])
  })

  it('are shown on the status page with what they can be', async () => {
    const target = await startUnlisted()
    await sendMany(target, 20, '2001:db8:1:2::7')
    await expect.poll(() => warnings(target), lookedUp).toHaveLength(1)
    const { opsPort } = target.gateway
    const { body } = await send({ port: opsPort, method: 'GET', target: '/status' })
    expect(body).toContain('validly signed requests come from 2001:db8:1::/48')
    expect(body).toContain('this can also be a replayed capture')
  })

  it('are not reported if `inngestRanges.reportUnlisted` is false, also after a reload', async () => {
    const off = { inngestRanges: { reportUnlisted: false } }
    const target = await startUnlisted(off)
    await sendFrom(target, unlisted, capture(target, freshBody(), forgedKey))
    expect(await readings(target)).toEqual({})
    const { gateway } = target
    gateway.rewrite(gateway.written().replace('reportUnlisted: false', 'reportUnlisted: true'))
    gateway.reload()
    await expect
      .poll(() => gateway.logLines.some(({ msg }) => msg === 'configuration reloaded'))
      .toBe(true)
    await sendFrom(target, unlisted, capture(target, freshBody(), forgedKey))
    await expectReadings(target, { mismatch: 1 })
  })

  it('are dropped when the gateway stops', async () => {
    const config = { allowlist: [listed], trustedProxies: ['127.0.0.1'] }
    const gateway = await startTestGateway('http://127.0.0.1:1', config)
    const target = { gateway, metrics: () => gateway.metricsText() }
    const { body, signature } = capture(target)
    const headers = [
      'POST /api/inngest HTTP/1.1',
      'Host: app',
      `X-Forwarded-For: ${unlisted}`,
      `X-Inngest-Signature: ${signature}`,
      `Content-Length: ${String(body.length)}`,
    ]
    const socket = await open(gateway.port, '127.0.0.1', true)
    socket.write(`${headers.join('\r\n')}\r\n\r\n${body.slice(0, 1)}`)
    await expect.poll(() => gateway.logLines).toHaveLength(1)
    expect(await readings(target)).toEqual({})
    const stopped = gateway.stop()
    expect(await readings(target)).toEqual({ incomplete: 1 })
    socket.destroy()
    await stopped
  })
})

describe('function calls of a real Inngest server', () => {
  it('are verified from an address that is not listed, and not once one that is has sent them', async () => {
    const calls = recordedRequests.filter(({ method }) => method === 'POST')
    const keys = { primary: recordedKey, fallback: 'unused' }
    const app = await startLenientUpstream()
    const config = { allowlist: [listed], trustedProxies: ['127.0.0.1'] }
    const gateway = await startTestGateway(app.url, config, calls[0]?.receivedAtMs, keys)
    const target = { gateway, metrics: () => gateway.metricsText() }
    const sendAll = async (client: string, read: readonly RecordedRequest[]) => {
      for (const { receivedAtMs, headers, body, target } of read) {
        const sent = headers.filter(([name]) => name !== 'Connection')
        gateway.clock.wallMs = receivedAtMs
        const all = { ...Object.fromEntries(sent), 'x-forwarded-for': client }
        await send({ port: gateway.port, target, body, headers: all })
        gateway.clock.monotonic += 2000
      }
    }
    const half = Math.ceil(calls.length / 2)
    await sendAll(unlisted, calls.slice(0, half))
    await sendAll(listed, calls.slice(half))
    await sendAll(unlisted, calls.slice(half))
    await expectReadings(target, { verified: half, claimed: calls.length - half })
    await gateway.stop()
    app.stop()
  })
})

describe('over TLS', () => {
  it('verifies a function call after its refusal, which is sent as it would be otherwise', async () => {
    const file = (name: string) => path.resolve('test/fixtures/tls', name)
    const tls = { certFile: file('cert.pem'), keyFile: file('key.pem') }
    const target = await startUnlisted({ listen: { host: '127.0.0.1', port: 0, tls } })
    const { body, signature } = capture(target)
    const { port } = target.gateway
    const socket = connect({ port, host: 'localhost', ca: readFileSync(file('cert.pem')) })
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    const lines = [
      'POST /api/inngest HTTP/1.1',
      'Host: app',
      `X-Forwarded-For: ${unlisted}`,
      `X-Inngest-Signature: ${signature}`,
      `Content-Length: ${String(body.length)}`,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
    await once(socket, 'end')
    expect(text).toMatch(/^HTTP\/1\.1 403 [^]*Connection: close\r\n[^]*"Forbidden"/)
    socket.destroy()
    await expectReadings(target, { verified: 1 })
  })
})

describe('on a durable route', () => {
  it('re-entries are verified, and requests of users are not', async () => {
    const upstream = await startLenientUpstream()
    const config = durableConfig(upstream.url, { allowlist: [listed] }, { allowlist: [listed] })
    const target = await startTarget({ ...config, trustedProxies: ['127.0.0.1'] })
    const call = capture(target, freshBody(), fallbackKey)
    const common = { 'x-forwarded-for': unlisted, host: durableHost }
    const sendTo = (headers: Record<string, string>) =>
      send({ port: target.gateway.port, target: '/endpoints/a', body: call.body, headers })
    expect((await sendTo(common)).status).toBe(403)
    nextReading(target)
    expect(await readings(target)).toEqual({})
    const signed = { 'x-inngest-signature': call.signature, ...freshIds() }
    expect((await sendTo({ ...common, ...signed })).status).toBe(403)
    await expectReadings(target, { verified: 1 })
    upstream.stop()
  })
})

describe('with external authorization', () => {
  it('verifies what the proxy sends of the request: with its body or not at all', async () => {
    const externalAuth = { host: '127.0.0.1', port: 0, protocol: 'ext_authz' }
    const target = await startUnlisted({ externalAuth })
    const port = target.gateway.externalAuthPort
    const ask = (body: string, signature: string) => {
      const headers = { 'x-inngest-signature': signature, 'x-forwarded-for': unlisted }
      return send({ port, target: '/api/inngest', body, headers })
    }
    const call = capture(target)
    expect((await ask('', call.signature)).status).toBe(403)
    expect(await readings(target)).toEqual({})
    expect((await ask(call.body, call.signature)).status).toBe(403)
    await expectReadings(target, { verified: 1 })
  })
})

describe('a signed request that is no function call', () => {
  it.each(['GET', 'PUT'])('is not verified: %s', async (method) => {
    const target = await startUnlisted()
    const { signature, body } = capture(target, freshBody(), forgedKey)
    const headers = { 'x-inngest-signature': signature, 'x-forwarded-for': unlisted }
    const sent = method === 'GET' ? '' : body
    const response = await send({ port: target.gateway.port, method, headers, body: sent })
    expect(response.status).toBe(403)
    expect(await readings(target)).toEqual({})
  })
})
