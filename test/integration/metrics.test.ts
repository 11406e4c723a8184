/** The metrics after a scripted run, whole, against a golden text. UPDATE_GOLDEN=1 writes it anew. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

const golden = new URL('../golden/metrics.txt', import.meta.url)

describe('metrics', () => {
  it('equal the golden text after a scripted run, and their decisions add up', async () => {
    const app = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
    await once(app, 'listening')
    const gateway = await startTestGateway(
      `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`,
      {
        allowlist: ['inngest', '127.0.0.1'],
        inngestRanges: { urls: [], stateFile: '/dev/null/none' },
      },
      1_700_000_000_000,
    )
    const { port } = gateway
    const body = '{"ctx":{"request_id":"a","run_id":"run"}}'
    const signed = (key: string, age = 2) => ({
      'x-inngest-signature': signatureHeader(key, body, 1_700_000_000 - age),
    })
    await send({ port, body, headers: signed(testKey) })
    await send({ port, body, headers: signed(fallbackKey) })
    await send({ port, body, headers: signed(testKey) })
    await send({ port, body, headers: signed('wrong') })
    await send({ port, body, headers: signed(testKey, 301) })
    await send({ port, body: ` ${body}`, headers: signed(testKey, 3) })
    await send({ port, from: '127.0.0.2' })
    await send({ port, method: 'PURGE' })
    await send({ port, target: '/nowhere' })
    await send({ port, method: 'PUT' })
    await expect.poll(() => gateway.metricsText()).toContain('inngest_gateway_connections 0')
    const text =
      (await gateway.metricsText())
        .split('\n')
        .filter((line) => line.includes('inngest_gateway_'))
        .join('\n')
        // The app's port is another each time.
        .replace(/fingerprint="[0-9a-f]{12}"/, 'fingerprint="…"') + '\n'
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text)
    expect(text).toBe(readFileSync(golden, 'utf8'))
    const counts = [...text.matchAll(/^inngest_gateway_requests_total\{.*\} (\d+)$/gm)].map(
      ([, count]) => Number(count),
    )
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10)
    expect(gateway.logLines.filter(({ msg }) => msg === 'request')).toHaveLength(10)
    await gateway.stop()
    app.close()
    app.closeAllConnections()
  })

  it.each([
    ['a call', {}, 'POST', 401],
    ['an introspection', {}, 'GET', 401],
    ['a call that is only reported', { checks: { signature: 'report' } }, 'POST', 200],
    ['an introspection that is only reported', { checks: { signature: 'report' } }, 'GET', 200],
  ])('count %s that no key signed as one mismatch', async (_what, config, method, status) => {
    const target = await startTarget(config)
    const headers = { 'x-inngest-signature': target.sign('something else') }
    const { port } = target.gateway
    expect(await send({ port, method, body: method === 'GET' ? '' : '{}', headers })).toMatchObject(
      { status },
    )
    expect(await target.metrics()).toContain(
      'signature_verifications_total{result="mismatch",key_slot="none"} 1\n',
    )
  })
})
