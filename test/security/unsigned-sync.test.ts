/**
 * A sync without a signature: an app that gets one registers itself with Inngest under the host of the
 * request, so the client would choose where Inngest calls. It is refused, or allowed by address with the
 * host pinned.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const startOpen = (checks: Readonly<Record<string, string>> = {}) =>
  startTarget((upstream) => ({
    checks,
    allowlist: ['127.0.0.9'],
    routes: [
      {
        name: 'app',
        upstream,
        serveOrigin: 'https://app.example.com',
        signingKeys: [{ env: 'PRIMARY' }],
        unsignedPut: { allowFrom: ['127.0.0.2'] },
        unsignedGet: { allowFrom: ['127.0.0.3'] },
      },
    ],
  }))

async function ask(target: Target, method: string, from: string, fields: string[] = []) {
  const head = ['Content-Length: 0', 'Connection: close', ...fields]
  const bytes = callBytes('', head, `${method} /api/inngest HTTP/1.1`)
  return statusOf(await target.raw(bytes.replace('app.example.com', 'evil.example.com'), { from }))
}

describe('an unsigned request', () => {
  it.each([
    ['PUT', 'sync_unsigned'],
    ['GET', 'introspection_unsigned'],
    ['POST', 'signature_missing'],
  ])('%s is refused by default, without a status that syncs, as %s', async (method, reason) => {
    const target = await startTarget()
    expect(await ask(target, method, '127.0.0.1')).toBe(401)
    expect(target.reasons()).toEqual([reason])
    expect(target.upstream.bytes()).toBe('')
  })

  it('is let in by address and method, with Host pinned, and counted as unsigned', async () => {
    const target = await startOpen()
    expect(await ask(target, 'PUT', '127.0.0.2')).toBe(200)
    expect(await ask(target, 'GET', '127.0.0.3')).toBe(200)
    expect(target.upstream.seen.map(({ fields }) => fields['host'])).toEqual([
      ['app.example.com'],
      ['app.example.com'],
    ])
    expect(target.gateway.logLines[0]).toMatchObject({ decision: 'admitted', unsigned: true })
    expect(await target.metrics()).toContain(
      'inngest_gateway_signature_verifications_total{result="none",key_slot="none"} 2',
    )
  })

  it.each([
    ['GET', '127.0.0.2', [], 'introspection_unsigned'],
    ['PUT', '127.0.0.3', [], 'sync_unsigned'],
    ['POST', '127.0.0.2', [], 'client_not_allowed'],
    ['PUT', '127.0.0.4', [], 'sync_unsigned'],
    ['PUT', '127.0.0.9', [], 'sync_unsigned'],
    // A signature that is there is held to be one.
    ['PUT', '127.0.0.2', ['X-Inngest-Signature: x'], 'client_not_allowed'],
    ['PUT', '127.0.0.4', ['X-Forwarded-For: 127.0.0.2'], 'sync_unsigned'],
  ])('%s from %s with %j is refused', async (method, from, fields, reason) => {
    const target = await startOpen()
    expect(await ask(target, method, from, fields)).toBe(
      reason === 'client_not_allowed' ? 403 : 401,
    )
    expect(target.reasons()).toEqual([reason])
    expect(target.upstream.bytes()).toBe('')
  })
})

/** As the dashboard of a self-hosted Inngest sends it. */
const url = 'https://app.example.com/api/inngest'
const dashboardBody = JSON.stringify({ url })
const json = 'Content-Type: application/json'

async function sync(target: Target, body: string, fields: string[], line = 'PUT /api/inngest') {
  const length = `Content-Length: ${String(Buffer.byteLength(body))}`
  const framing = fields.some((field) => field.startsWith('Transfer-Encoding')) ? [] : [length]
  const bytes = callBytes(body, [...framing, 'Connection: close', ...fields], `${line} HTTP/1.1`)
  return statusOf(await target.raw(bytes, { from: '127.0.0.2' }))
}

describe('an unsigned sync with a body', () => {
  it('is admitted by address, and its body forwarded as it came', async () => {
    const target = await startOpen()
    expect(await sync(target, dashboardBody, [json])).toBe(200)
    expect(target.upstream.bytes()).toMatch(/^PUT [^]*\r\n\r\n\{"url":"[^"]*"\}$/)
    expect(target.gateway.logLines[0]).toMatchObject({
      decision: 'admitted',
      unsigned: true,
      body_bytes: dashboardBody.length,
    })
    expect(target.gateway.logLines[0]).not.toHaveProperty('report_only')
  })

  it.each([
    ['report', 403, { reason: 'sync_url_mismatch' }],
    ['enforce', 403, { reason: 'sync_url_mismatch' }],
    ['off', 200, { decision: 'admitted' }],
  ])('has a url of the route where checks.syncUrl is %s', async (syncUrl, status, record) => {
    const target = await startOpen({ syncUrl })
    expect(await sync(target, '{"url":"https://b.example.com/api/inngest"}', [json])).toBe(status)
    expect(target.gateway.logLines.at(-1)).toMatchObject(record)
    expect(target.upstream.seen).toHaveLength(status === 200 ? 1 : 0)
  })

  it('has its url only reported where signatures are only reported, too', async () => {
    const target = await startOpen({ signature: 'report' })
    expect(await sync(target, '{"url":"https://b.example.com/api/inngest"}', [json])).toBe(200)
    expect(target.gateway.logLines.at(-1)).toMatchObject({ report_only: ['sync_url_mismatch'] })
  })

  it.each([
    ['another member', '{"url":"https://app.example.com/api/inngest","_method":"POST"}', [json]],
    ['a member twice', '{"url":"a","url":"b"}', [json]],
    ['a url that is no text', '{"url":{"a":1}}', [json]],
    ['another value', '["url"]', [json]],
    ['a call', '{"ctx":{"run_id":"r"},"url":"a"}', [json]],
    ['no JSON', '_method=POST', [json]],
    ['another media type', dashboardBody, ['Content-Type: application/x-www-form-urlencoded']],
    ['a media type that begins alike', dashboardBody, ['Content-Type: application/jsonx']],
    ['no media type', dashboardBody, []],
    ['two media types', dashboardBody, [json, 'Content-Type: text/plain']],
  ])('is refused with %s', async (_, body, fields) => {
    const target = await startOpen()
    expect(await sync(target, body, fields)).toBe(400)
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    ['a long body', JSON.stringify({ url: `${url}?${'x'.repeat(4096)}` }), [json]],
    ['chunks', `5\r\n{"url\r\n0\r\n\r\n`, [json, 'Transfer-Encoding: chunked']],
  ])('needs a signature with %s', async (_, body, fields) => {
    const target = await startOpen()
    expect(await sync(target, body, fields)).toBe(401)
    expect(target.reasons()).toEqual(['sync_unsigned'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    ['POST /api/inngest?fnId=f', 403],
    ['GET /api/inngest', 400],
  ])('is nothing but a PUT: %s', async (line, status) => {
    const target = await startOpen()
    expect(await sync(target, dashboardBody, [json], line)).toBe(status)
    expect(target.upstream.bytes()).toBe('')
  })
})
