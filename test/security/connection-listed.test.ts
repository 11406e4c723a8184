/**
 * Headers removed by way of `Connection` (threat D10; Apache CVE-2022-31813, Traefik CVE-2024-45410,
 * Caddy CVE-2026-55458): a client could have a proxy drop headers that the proxy itself had just written.
 * Here what `Connection` lists is removed first, and managed headers are written after that.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a field named in Connection', () => {
  it('is taken off, but for what the gateway writes and what Inngest signs by', async () => {
    const target = await startTarget()
    const listed = [
      'Connection: x-secret, X-Forwarded-For, X-Inngest-Signature, X-Run-ID, X-Request-Id',
      'Connection: Host, Content-Length, X-Forwarded-Host,,  ,',
      'X-Secret: 1',
      'X-Run-ID: run',
    ]
    expect(statusOf(await target.raw(signedCall(target, listed)))).toBe(200)
    const { fields = {} } = target.upstream.seen[0] ?? {}
    expect(Object.keys(fields).sort()).toEqual([
      'content-length',
      'forwarded',
      'host',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-inngest-signature',
      'x-request-id',
      'x-run-id',
    ])
  })

  it.each([
    ['Keep-Alive: timeout=1'],
    ['TE: trailers'],
    ['Trailer: x'],
    ['Proxy-Connection: keep-alive'],
    ['Proxy-Authorization: Basic eDp5'],
    ['Proxy-Authenticate: Basic'],
    ['HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
    ['Upgrade: h2c'],
  ])('%s, hop-by-hop by itself, is taken off', async (field) => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, [field])))).toBe(200)
    const [name = ''] = field.split(':')
    expect(target.upstream.seen[0]?.fields[name.toLowerCase()]).toBeUndefined()
  })
})
