/** Every recorded request of a real Inngest server: admitted in its time, once, and not later. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { send } from '../support/sender.ts'
import { startTestGateway } from '../support/test-gateway.ts'

interface Recorded {
  readonly receivedAtMs: number
  readonly method: string
  readonly target: string
  readonly headers: [string, string][]
  readonly body: string
}

const file = new URL('../vectors/recorded/inngest-start-1.43-sdk-js-4.24.jsonl', import.meta.url)
const requests = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)
/** As test/vectors/README.md gives it; made for the recording, opens nothing. */
const key = '1eaf61ea084285640bca13a0ae19d577ccbd215cb2ee92ad5db253d3655b1672'

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
    const start = requests[0]?.receivedAtMs ?? 0
    const gateway = await startTestGateway(url, {}, start, { primary: key, fallback: 'unused' })
    const later = await startTestGateway(url, {}, start, { primary: key, fallback: 'unused' })
    for (const recorded of requests) {
      const headers = Object.fromEntries(recorded.headers.filter(([name]) => name !== 'Connection'))
      const { method, target, body } = recorded
      const signedAt = Number(/t=(\d+)/.exec(headers['X-Inngest-Signature'] ?? '')?.[1])
      const replay = async (port: number) =>
        (await send({ port, method, target, headers, body })).status
      gateway.clock.wallMs = recorded.receivedAtMs
      later.clock.wallMs = (signedAt + 301) * 1000
      expect(await replay(gateway.port)).toBe(200)
      expect(JSON.parse(bodies.at(-1) ?? '')).toEqual(JSON.parse(body))
      expect(await replay(gateway.port)).toBe(method === 'PUT' ? 403 : 409)
      expect(gateway.logLines.at(-1)?.['reason']).toBe('replayed')
      expect(await replay(later.port)).toBe(401)
      expect(later.logLines.at(-1)?.['reason']).toBe('timestamp_too_old')
    }
    expect(bodies).toHaveLength(requests.length)
    const text = await gateway.metricsText()
    expect(text).toContain('signature_verifications_total{result="canonical",key_slot="0"} 2')
    await gateway.stop()
    await later.stop()
  })
})
