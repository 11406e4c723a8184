/**
 * Headers that only a proxy may write (threat D9; Caddy CVE-2026-30851, Traefik CVE-2026-33433 and
 * CVE-2026-35051): if a client's own values survive beside the proxy's, the client chooses the address,
 * host or path that the app sees. Here they are removed or rewritten.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const names = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-Client-Cert',
  'Forwarded',
  'Via',
  'X-Real-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'Client-IP',
  'X-Forwarded',
  'Forwarded-For',
  'CF-Connecting-IPv6',
  'CF-Pseudo-IPv4',
  'DO-Connecting-IP',
  'Fly-Client-IP',
  'X-AppEngine-User-IP',
  'X-Azure-ClientIP',
  'X-Azure-SocketIP',
  'X-Envoy-External-Address',
  'X-Vercel-Forwarded-For',
  'X-Host',
  'X-HTTP-Host-Override',
  'Proxy-Client-IP',
  'WL-Proxy-Client-IP',
  'X-Originating-IP',
  'X-Remote-IP',
  'X-Remote-Addr',
  'X-ProxyUser-Ip',
  'Incap-Client-IP',
  'Ali-CDN-Real-IP',
  'CDN-Src-IP',
  'EO-Connecting-IP',
  'X-NF-Client-Connection-IP',
  'X-Sucuri-ClientIP',
  'CloudFront-Viewer-Address',
  'A-Vendor-To-Come-Client-IP',
  'X-Original-URL',
  'X-Original-Host',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'Proxy',
  'X-Request-Id',
]

describe('a field that only a proxy may write', () => {
  it.each(names)('%s is taken off or written anew', async (name) => {
    const target = await startTarget()
    const doubled = [`${name}: forged one`, `${name.toUpperCase()}: forged two`]
    expect(statusOf(await target.raw(signedCall(target, doubled)))).toBe(200)
    expect(target.upstream.bytes()).not.toContain('forged')
  })

  it('leaves the app exactly one of each that the gateway writes', async () => {
    const target = await startTarget()
    await target.raw(
      signedCall(
        target,
        names.map((name) => `${name}: forged`),
      ),
    )
    const { fields = {} } = target.upstream.seen[0] ?? {}
    expect(fields['x-forwarded-for']).toEqual(['127.0.0.1'])
    expect(fields['x-forwarded-host']).toEqual(['app.example.com'])
    expect(fields['x-forwarded-proto']).toEqual(['http'])
    expect(fields['host']).toEqual(['app.example.com'])
    expect(fields['x-request-id']).toHaveLength(1)
  })
  it.each([
    'X-Client-Id',
    'X-Client-Version',
    'X-Device-IP',
    'X-Shipping-Address',
    'X-User-Address',
    'X-Hostname',
    'X-Zip',
    'X-Tooltip',
    'X-Remote-Control',
    'X-Source',
    'Origin',
  ])('%s is none, and passes', async (name) => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, [`${name}: own`])))).toBe(200)
    expect(target.upstream.seen[0]?.fields[name.toLowerCase()]).toEqual(['own'])
  })
})
