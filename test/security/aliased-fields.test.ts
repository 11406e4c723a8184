/**
 * A managed header under another name (threat D8; oauth2-proxy CVE-2025-64484, Traefik CVE-2026-54763
 * and CVE-2026-88011, fixed in 2.11.56 and 3.7.12): some apps read two spellings of a name as one, so
 * that the client's value wins over the proxy's. Here every such spelling is dropped.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const aliases = [
  'X_Forwarded_For: 3.3.3.3',
  'X.Forwarded.Host: evil',
  'X-Forwarded_Proto: https',
  'X_Inngest_Signature: t=1&s=2',
  'X-Inngest.Signature: t=1&s=2',
  'X_Run_ID: a',
  'Content_Length: 0',
  'Transfer_Encoding: chunked',
  'Proxy.Authorization: Basic eDp5',
  // Every other character of a name is `_` to lighttpd's CGI variables (http_cgi.c).
  'X~Inngest~Signature: t=1&s=2',
  "X'Run+ID: a",
  'X-Run|ID: a',
  'X!Forwarded#For: 3.3.3.3',
]

describe('an aliased field', () => {
  it.each(aliases)('%s does not reach the app', async (alias) => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, [alias])))).toBe(200)
    expect(target.upstream.bytes()).not.toContain(alias.split(':')[0])
  })

  it.each(aliases)('%s does not reach the app of a passthrough route', async (alias) => {
    const target = await startTarget((upstream) => ({
      routes: [{ name: 'app', policy: 'passthrough', upstream }],
    }))
    const head = ['GET / HTTP/1.1', 'Host: a', 'Connection: close', alias, 'my_own.field: 1']
    expect(statusOf(await target.raw(`${head.join('\r\n')}\r\n\r\n`))).toBe(200)
    expect(target.upstream.bytes().toLowerCase()).not.toContain(alias.split(':')[0]?.toLowerCase())
    expect(target.upstream.seen[0]?.fields['my_own.field']).toEqual(['1'])
  })

  it('is no signature', async () => {
    const target = await startTarget()
    const bytes = signedCall(target).replace('X-Inngest-Signature', 'X_Inngest_Signature')
    expect(statusOf(await target.raw(bytes))).toBe(401)
    expect(target.reasons()).toEqual(['signature_missing'])
  })
})
