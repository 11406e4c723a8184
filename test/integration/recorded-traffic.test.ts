/**
 * Every recorded request of a real Inngest server: admitted in its time, once, and not later; also where every
 * check is enforced that is only reported by default.
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { recordedKey, recordedRequests } from '../support/recorded.ts'
import { send } from '../support/sender.ts'
import { startTestGateway } from '../support/test-gateway.ts'

describe('recorded traffic', () => {
  const bodies: string[] = []
  const upstream = createServer((request, response) => {
    let body = ''
    request
      .setEncoding('utf8')
      .on('data', (text: string) => (body += text))
      .on('end', () => {
        bodies.push(body)
        response.end('ok')
      })
  })
  let url = ''
  beforeAll(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    url = `http://127.0.0.1:${String((upstream.address() as AddressInfo).port)}`
  })
  afterAll(() => {
    upstream.close()
    upstream.closeAllConnections()
  })

  it('is admitted at its time, refused at once again, and refused 301 s later', async () => {
    const start = recordedRequests[0]?.receivedAtMs ?? 0
    const keys = { primary: recordedKey, fallback: 'unused' }
    const checks = { syncBody: 'enforce', callIds: 'enforce', functionId: 'enforce' }
    const route = { name: 'app', upstream: url, signingKeys: [{ env: 'PRIMARY' }] }
    const routes = [{ ...route, apps: ['shop'] }]
    const gateway = await startTestGateway(url, { checks, routes }, start, keys)
    const later = await startTestGateway(url, {}, start, keys)
    for (const recorded of recordedRequests) {
      const headers = Object.fromEntries(recorded.headers.filter(([name]) => name !== 'Connection'))
      const { method, target, body } = recorded
      const signedAt = Number(/t=(\d+)/.exec(headers['X-Inngest-Signature'] ?? '')?.[1])
      const replay = async (port: number) =>
        (await send({ port, method, target, headers, body })).status
      gateway.clock.wallMs = recorded.receivedAtMs
      later.clock.wallMs = (signedAt + 301) * 1000
      expect(await replay(gateway.port)).toBe(200)
      expect(gateway.logLines.at(-1)?.['report_only']).toBeUndefined()
      expect(JSON.parse(bodies.at(-1) ?? '')).toEqual(JSON.parse(body))
      expect(await replay(gateway.port)).toBe(method === 'PUT' ? 403 : 409)
      expect(gateway.logLines.at(-1)?.['reason']).toBe('replayed')
      expect(await replay(later.port)).toBe(401)
      expect(later.logLines.at(-1)?.['reason']).toBe('timestamp_too_old')
    }
    expect(bodies).toHaveLength(recordedRequests.length)
    const text = await gateway.metricsText()
    expect(text).toContain('signature_verifications_total{result="canonical",key_slot="0"} 2')
    await gateway.stop()
    await later.stop()
  })
})
