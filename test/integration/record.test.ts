/** Recordings of a running gateway: what is in them, and that they can be replayed with the same decisions. */
import { describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import { startLenientUpstream } from '../support/lenient-upstream.ts'
import { recordedKey, recordedRequests } from '../support/recorded.ts'
import {
  decisionsOf,
  recordingOps,
  replay,
  startRecording,
  takeRecorded,
} from '../support/recording.ts'
import { send } from '../support/sender.ts'
import { startTestGateway } from '../support/test-gateway.ts'

describe('a recording of what a real Inngest server sent', () => {
  it('keeps lengths and structure, and is replayed with the same decisions', async () => {
    const app = await startLenientUpstream()
    const keys = { primary: recordedKey, fallback: 'unused' }
    const inOrder = recordedRequests.toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)
    const start = inOrder[0]?.receivedAtMs ?? 0
    const gateway = await startTestGateway(app.url, { ops: recordingOps }, start, keys)
    const id = await startRecording(gateway, 500)
    for (const { receivedAtMs, method, target, headers, body } of inOrder) {
      gateway.clock.wallMs = receivedAtMs
      const sent = Object.fromEntries(headers.filter(([name]) => name !== 'Connection'))
      const { status } = await send({ port: gateway.port, method, target, headers: sent, body })
      expect(status).toBe(200)
    }
    const { requests, leftOut } = await takeRecorded(gateway, id)
    expect(leftOut).toEqual({ bodyTooLarge: 0, notRedactable: 0 })
    expect(requests).toHaveLength(recordedRequests.length)
    for (const [i, copy] of requests.entries()) {
      const original = inOrder[i]
      if (original === undefined) throw new Error('more copies than requests')
      expect(Buffer.byteLength(copy.body)).toBe(Buffer.byteLength(original.body))
      expect(copy.target).toHaveLength(original.target.length)
      expect(shapeOf(JSON.parse(copy.body))).toEqual(shapeOf(JSON.parse(original.body)))
    }
    expect(await replay(requests)).toEqual(decisionsOf(requests))
    await gateway.stop()
    app.stop()
  })
})

const canonicalBody = (id: string, member = '') =>
  `{"ctx":{"fn_id":"fn-${id}","job_id":"job-${id}","request_id":"${id}","run_id":"run-${id}"}${member},"version":1}`

describe('a recording of requests that checks in report mode would refuse', () => {
  it('is replayed with the same reasons', async () => {
    const checks = {
      replay: 'report',
      callIds: 'report',
      runId: 'report',
      freshness: 'report',
      app: 'report',
    }
    const target = await startTarget((url) => ({
      ops: recordingOps,
      checks: { ...checks, allowlist: 'report' },
      allowlist: ['198.51.100.7'],
      trustedProxies: ['127.0.0.1'],
      routes: [
        {
          name: 'app',
          upstream: url,
          path: '/internal/billing-hook',
          host: 'gateway.example.com',
          signingKeys: [{ env: 'PRIMARY' }],
          apps: ['billing', 'billing-eu'],
        },
      ],
    }))
    const id = await startRecording(target.gateway, 500)
    const call = async (
      body: string,
      headers: Record<string, string> = {},
      fnId = 'billing-pay',
      age = 0,
    ) => {
      const own = {
        host: 'gateway.example.com',
        'x-inngest-signature': target.sign(body, age),
        'x-forwarded-for': '198.51.100.7',
        ...headers,
      }
      const path = `/internal/billing-hook?fnId=${fnId}&stepId=step`
      const sent = { port: target.gateway.port, target: path, headers: own, body }
      expect((await send(sent)).status).toBe(200)
    }
    const honest = { 'x-run-id': 'run-1', 'x-request-id': '1', 'x-inngest-job-id': 'job-1' }
    await call(canonicalBody('1'), honest)
    await call(canonicalBody('1'), honest)
    await call(canonicalBody('2'), { 'x-run-id': 'run-3' })
    await call(canonicalBody('4'), { 'x-inngest-job-id': 'job-5' })
    await call(canonicalBody('6'), {}, 'shop-pay')
    await call(canonicalBody('7'), {}, 'billing-eu-pay')
    await call(canonicalBody('8'), {}, 'billing-pay', 301)
    await call(canonicalBody('9'), { 'x-forwarded-for': '203.0.113.9' })
    const escaped = canonicalBody('10', ',"event":{"data":"a&b"}')
    const signature = target.sign(escaped)
    await call(escaped.replace('&', '\\u0026'), { 'x-inngest-signature': signature })
    const { requests } = await takeRecorded(target.gateway, id)
    expect(requests.map(({ reportOnly }) => reportOnly)).toEqual([
      [],
      ['replayed'],
      ['run_id_mismatch'],
      ['call_ids_mismatch'],
      ['app_not_served'],
      [],
      ['timestamp_too_old'],
      ['client_not_allowed'],
      [],
    ])
    expect(requests.map(({ signature: form }) => form)).toEqual([
      ...Array<string>(8).fill('raw'),
      'canonical',
    ])
    expect(await replay(requests)).toEqual(decisionsOf(requests))
  })

  it('is replayed with the URL of a sync that is for another route', async () => {
    const target = await startTarget((url) => ({
      ops: recordingOps,
      routes: [
        {
          name: 'app',
          upstream: url,
          serveOrigin: 'https://app.example.com',
          signingKeys: [{ env: 'PRIMARY' }],
        },
      ],
    }))
    const id = await startRecording(target.gateway, 500)
    for (const url of [
      'https://app.example.com/api/inngest',
      'https://other.example.com/api/inngest',
    ]) {
      const body = `{"url":"${url}"}`
      const headers = { 'x-inngest-signature': target.sign(body) }
      const sent = { port: target.gateway.port, method: 'PUT', headers, body }
      expect((await send(sent)).status).toBe(200)
    }
    const { requests } = await takeRecorded(target.gateway, id)
    expect(requests.map(({ reportOnly }) => reportOnly)).toEqual([[], ['sync_url_mismatch']])
    expect(await replay(requests)).toEqual(decisionsOf(requests))
  })
})

/** Types and sizes, without names. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.values(value).map(shapeOf)
}
