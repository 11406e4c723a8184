/**
 * Speaking as Inngest to the rest of the app: what comes over a passthrough route is verified by
 * nobody, so it must not carry what an app takes for Inngest's word:
 *
 *   POST /webhooks HTTP/1.1\r\nX-Inngest-Signature: t=…\r\nX-Run-ID: 01J…\r\nX-Inngest-Server-Kind: cloud\r\n
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const startOpen = (more: object = {}) =>
  startTarget((upstream) => ({
    routes: [{ name: 'app', policy: 'passthrough', upstream, ...more }],
  }))

describe('a passthrough request', () => {
  it('loses every field of Inngest, in any spelling, and keeps its own', async () => {
    const target = await startOpen()
    const own = ['X-Custom: 1', 'Authorization: Bearer x', 'Cookie: a=1', 'X-Runner: 2']
    const forged = [
      'X-Inngest-Signature: t=1&s=2',
      'x-inngest-server-kind: cloud',
      'X-INNGEST-SDK: js',
      'X_Inngest_Env: prod',
      'X-Inngest.Framework: x',
      'X-Run-ID: 1',
      'x_run_id: 2',
    ]
    const fields = ['Content-Length: 2', 'Connection: close', ...own, ...forged]
    expect(statusOf(await target.raw(callBytes('hi', fields, 'POST /hook HTTP/1.1')))).toBe(200)
    expect(target.upstream.bytes()).not.toMatch(/inngest|run.id/i)
    const [seen] = target.upstream.seen
    expect(seen?.body).toBe('hi')
    expect(Object.keys(seen?.fields ?? {})).toEqual(
      expect.arrayContaining(['x-custom', 'authorization', 'cookie', 'x-runner']),
    )
  })

  it('is let in by its own allowlist only', async () => {
    const target = await startOpen({ allowlist: ['127.0.0.2'] })
    const bytes = callBytes(
      '',
      ['Connection: close', 'X-Forwarded-For: 127.0.0.2'],
      'GET / HTTP/1.1',
    )
    expect(statusOf(await target.raw(bytes))).toBe(403)
    expect(target.reasons()).toEqual(['client_not_allowed'])
    expect(target.upstream.bytes()).toBe('')
    expect(statusOf(await target.raw(bytes, { from: '127.0.0.2' }))).toBe(200)
  })

  it('is framed in one way only', async () => {
    const target = await startOpen()
    const fields = ['Content-Length: 4', 'Transfer-Encoding: chunked']
    await target.raw(callBytes('0\r\n\r\nGET /x HTTP/1.1\r\n\r\n', fields, 'POST / HTTP/1.1'))
    const odd = ['Transfer-Encoding: gzip, chunked', 'Connection: close']
    await target.raw(callBytes('0\r\n\r\n', odd, 'POST / HTTP/1.1'))
    expect(target.reasons()).toEqual(['framing_ambiguous', 'framing_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('does not come by TRACE', async () => {
    const target = await startOpen()
    const bytes = callBytes('', ['Connection: close'], 'TRACE / HTTP/1.1')
    expect(statusOf(await target.raw(bytes))).toBe(405)
    expect(target.upstream.bytes()).toBe('')
  })
})
