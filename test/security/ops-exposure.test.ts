/**
 * A door beside the door (threats D11, D21; oauth2-proxy CVE-2026-34457, Pomerium CVE-2022-24797): proxies
 * let health checks, metrics or debug pages past their checks. No path, header or user agent does that
 * on the traffic port.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'
import { sendRaw, statusOf } from '../support/raw.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

const paths = ['/healthz', '/livez', '/readyz', '/metrics', '/debug/pprof/', '/ping', '/-/ready']

describe('the traffic port', () => {
  it.each(paths)('has no %s', async (path) => {
    const target = await startTarget()
    const fields = ['User-Agent: kube-probe/1.30', 'Connection: close', 'X-Health: 1']
    const answer = await target.raw(callBytes('', fields, `GET ${path} HTTP/1.1`))
    expect(statusOf(answer)).toBe(404)
  })

  it.each(['kube-probe/1.30', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0', 'Inngest'])(
    'lets nobody past for calling itself %s',
    async (agent) => {
      const target = await startTarget()
      const fields = [`User-Agent: ${agent}`, 'Connection: close', 'Content-Length: 0']
      expect(statusOf(await target.raw(callBytes('', fields)))).toBe(401)
      expect(target.upstream.bytes()).toBe('')
    },
  )
})

describe('the ops port', () => {
  it('serves metrics and health only, reads only, and holds no secret', async () => {
    const target = await startTarget()
    await target.raw(signedCall(target))
    const ask = (line: string) =>
      sendRaw(target.gateway.opsPort, `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    for (const line of ['GET /debug', 'GET /config', 'GET /', 'GET /api/inngest']) {
      expect(statusOf(await ask(line))).toBe(404)
    }
    expect(statusOf(await ask('POST /metrics'))).toBe(405)
    const metrics = await ask('GET /metrics')
    expect(metrics).toContain('inngest_gateway_requests_total')
    expect(metrics).not.toContain(testKey.slice(13, 29))
  })

  it('serves metrics under no public name, which a web page may have led here', async () => {
    const target = await startTarget({
      ops: { host: '127.0.0.1', port: 0, hosts: ['ops.example.com'] },
    })
    const ask = (path: string, host: string) =>
      sendRaw(target.gateway.opsPort, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    const refused = await ask('/metrics', 'evil.example')
    expect(statusOf(refused)).toBe(403)
    expect(refused).not.toContain('inngest_gateway')
    for (const host of ['127.0.0.1:9090', 'localhost', 'gateway:9090', 'ops.example.com']) {
      expect(statusOf(await ask('/metrics', host))).toBe(200)
    }
    for (const path of ['/healthz', '/livez', '/readyz']) {
      expect(statusOf(await ask(path, 'evil.example'))).toBe(200)
    }
  })

  it('says to no public name why it is not ready', async () => {
    const shutdown = { delay: '1s', drainTimeout: '100ms' }
    const gateway = await startTestGateway('http://127.0.0.1:1', { shutdown })
    const stopping = gateway.stop()
    const ask = (host: string) =>
      sendRaw(gateway.opsPort, `GET /readyz HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 503 .*\r\n\r\nnot ready\n$/s)
    expect(await ask('127.0.0.1')).toMatch(/\r\n\r\ndraining\n$/)
    await stopping
  })
})
