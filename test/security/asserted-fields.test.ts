/**
 * Headers that only a proxy may write (threat D9; Caddy CVE-2026-30851, Traefik CVE-2026-33433 and
 * CVE-2026-35051): if a client's own values survive beside the proxy's, the client chooses the address,
 * host or path that the app sees. Here they are removed or rewritten.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'
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
  'X-IP',
  'X-IP-Address',
  'IP',
  'X-Client-IP-Address',
  'X-Caller-IP',
  'X-From-IP',
  'X-Trusted-IP',
  'X-Client-Address',
  'X-Socket-Addr',
  'X-Source-Addr',
  'X-Src-Addr',
  'X-Source-Port',
  'Forwarded-For-IP',
  'X-Vendor-Forwarded-For-IP',
  'Forwarded-Host',
  'Forwarded-Proto',
  'CloudFront-Forwarded-Proto',
  'X-Vendor-Forwarded-Host',
  'X-Real-Host',
  'X-Client-Host',
  'X-Backend-Host',
  'X-Gateway-Host',
  'X-Proxy-Host',
  'X-Request-Host',
  'Client-Host',
  'X-Scheme',
  'X-Url-Scheme',
  'X-Request-Scheme',
  'X-Proto',
  'X-Client-Proto',
  'X-HTTPS',
  'HTTPS',
  'X-SSL',
  'X-ARR-SSL',
  'X-AppEngine-Https',
  'Front-End-Https',
  'Frontend-Https',
  'CF-Visitor',
  'X-Original-URL',
  'X-Original-Host',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'Proxy',
  'X-Request-Id',
]

const startPassthrough = () =>
  startTarget((upstream) => ({ routes: [{ name: 'app', policy: 'passthrough', upstream }] }))

const plainRequest = (fields: readonly string[]) =>
  callBytes('', [...fields, 'Connection: close'], 'GET / HTTP/1.1')

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

  it.each([...names.filter((name) => name !== 'X-Request-Id'), 'X_Scheme', 'X.Real_Host', 'X_IP'])(
    '%s is removed or rewritten on a passthrough route, too',
    async (name) => {
      const target = await startPassthrough()
      expect(statusOf(await target.raw(plainRequest([`${name}: forged`])))).toBe(200)
      expect(target.upstream.bytes()).not.toContain('forged')
    },
  )
})

/** Of applications, browsers and tools: what the patterns above must not cover. */
const own = [
  'X-Client-Id',
  'X-Client-Version',
  'X-Client-Name',
  'X-Device-IP',
  'X-Server-IP',
  'X-Shipping-Address',
  'X-Billing-Address',
  'X-User-Address',
  'X-Email-Address',
  'X-Hostname',
  'X-Host-Id',
  'X-Database-Host',
  'X-Target-Host',
  'X-Zip',
  'X-Gzip',
  'X-Ship',
  'X-Tooltip',
  'X-Remote-Control',
  'X-Source',
  'X-Source-Id',
  'X-Gateway-Id',
  'X-Backend',
  'X-Proxy-Cache',
  'X-Trusted',
  'X-Caller',
  'X-Port',
  'X-Color-Scheme',
  'X-Scheme-Id',
  'X-Protocol',
  'X-Protocol-Version',
  'X-Protobuf',
  'X-SSL-Client-Verify',
  'X-Forwarding-Rule',
  'X-Email-Forwarded',
  'X-Message-Forwarded-To',
  'X-Path',
  'X-Url',
  'X-Request-Start',
  'X-Correlation-ID',
  'X-Requested-With',
  'X-CSRF-Token',
  'X-API-Key',
  'X-Amz-Date',
  'X-GitHub-Event',
  'Authorization',
  'Cookie',
  'Destination',
  'Origin',
  'Referer',
  'From',
  'User-Agent',
  'Upgrade-Insecure-Requests',
  'Sec-CH-Prefers-Color-Scheme',
  'Sec-Fetch-Site',
  'CF-Ray',
  'CF-IPCountry',
  'X-Vercel-IP-Country',
  'CloudFront-Viewer-Country',
  'traceparent',
]

describe("a field of the application's own", () => {
  it.each(own)('%s is none, and passes', async (name) => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, [`${name}: own`])))).toBe(200)
    expect(target.upstream.seen[0]?.fields[name.toLowerCase()]).toEqual(['own'])
  })

  it.each(own)('%s passes on a passthrough route', async (name) => {
    const target = await startPassthrough()
    expect(statusOf(await target.raw(plainRequest([`${name}: own`])))).toBe(200)
    expect(target.upstream.seen[0]?.fields[name.toLowerCase()]).toEqual(['own'])
  })
})
