/**
 * Apps of one environment share a signing key, so that a sync made for one carries a good signature for
 * all. Which app it was made for is said by the `url` in its signed body:
 *
 *   captured: PUT https://a.example.com/api/inngest   sent to: https://b.example.com/api/inngest
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

async function sync(target: Target, body: string): Promise<number> {
  const fields = [
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
  ]
  const line = 'PUT /api/inngest HTTP/1.1'
  return statusOf(await target.raw(callBytes(body, [...fields, 'Connection: close'], line)))
}

const named = (upstream: string) => ({
  routes: [
    {
      name: 'app',
      upstream,
      signingKeys: [{ env: 'PRIMARY' }],
      serveOrigin: 'https://app.example.com',
      syncAuthorities: ['app:3000', '[::1]:3000'],
      checks: { syncUrl: 'enforce' },
    },
  ],
})

const open = { checks: { syncUrl: 'enforce' } }

describe('the url of a signed sync', () => {
  it.each([
    'https://app.example.com/api/inngest',
    'http://app.example.com/api/inngest',
    'https://APP.example.com.:443/api/inngest?x=1#y',
    'http://app:3000/api/inngest',
    'http://[0:0::1]:3000/api/inngest',
  ])('is one of the route: %s', async (url) => {
    const target = await startTarget(named)
    expect(await sync(target, JSON.stringify({ url }))).toBe(200)
  })

  it.each([
    ['another host', '{"url":"https://b.example.com/api/inngest"}'],
    ['another port', '{"url":"https://app.example.com:3000/api/inngest"}'],
    ['another path', '{"url":"https://app.example.com/api/inngest2"}'],
    ['a path that would be normalized', '{"url":"https://app.example.com/x/../api/inngest"}'],
    ['another case of the path', '{"url":"https://app.example.com/API/inngest"}'],
    ['credentials', '{"url":"https://app.example.com@b.example.com/api/inngest"}'],
    ['no host', '{"url":"/api/inngest"}'],
    ['no path', '{"url":"https://app.example.com"}'],
    ['no url', '{}'],
    ['a url that is no text', '{"url":["https://app.example.com/api/inngest"]}'],
    ['no JSON', 'x'],
    [
      'a second url in another case',
      '{"URL":"https://b.example.com/api/inngest","url":"https://app.example.com/api/inngest"}',
    ],
    ['only a url in another case', '{"Url":"https://app.example.com/api/inngest"}'],
    [
      'too long a body',
      JSON.stringify({ url: 'https://app.example.com/api/inngest', x: 'x'.repeat(65_536) }),
    ],
    [
      'two urls',
      '{"url":"https://app.example.com/api/inngest","url":"https://app.example.com/api/inngest"}',
    ],
  ])('is foreign with %s', async (_, body) => {
    const target = await startTarget(named)
    expect(await sync(target, body)).toBe(403)
    expect(target.reasons()).toEqual(['sync_url_mismatch'])
    expect(target.upstream.seen).toHaveLength(0)
  })

  it('may name any authority where the route names none', async () => {
    const target = await startTarget(open)
    expect(await sync(target, '{"url":"https://b.example.com/api/inngest"}')).toBe(200)
    expect(await sync(target, '{"url":"https://b.example.com/other"}')).toBe(403)
  })

  it('is only reported by default', async () => {
    const target = await startTarget()
    expect(await sync(target, '{"url":"https://b.example.com/other"}')).toBe(200)
    expect(target.gateway.logLines[0]).toMatchObject({ report_only: ['sync_url_mismatch'] })
    expect(await sync(target, '{"url":"https://b.example.com/other"}')).toBe(403)
    expect(target.reasons()[1]).toBe('replayed')
  })

  it('is not warned of as relaxed unless the operator turns it off', async () => {
    const target = await startTarget()
    const warnings = () =>
      target.gateway.logLines.filter(({ msg }) => msg === 'a check is not enforced')
    expect(warnings()).toEqual([])
    expect(await target.metrics()).not.toMatch(/^inngest_gateway_checks_not_enforced\{/m)
    target.gateway.rewrite({ checks: { syncUrl: 'off' } })
    target.gateway.reload()
    expect(warnings()).toMatchObject([{ route: 'app', check: 'syncUrl', mode: 'off' }])
  })
})
