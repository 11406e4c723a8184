/**
 * Methods that Inngest never uses (threat D12; CVE-2026-42047: unsigned requests made SDKs before 3.54
 * disclose what they should not). Only GET, POST and PUT reach an app, signed or not.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const methods = ['OPTIONS', 'PATCH', 'DELETE', 'HEAD', 'TRACE', 'PROPFIND', 'PURGE', 'SEARCH']

describe('a method that Inngest does not use', () => {
  it.each(methods)('%s is refused, signed or not, and reaches no app', async (method) => {
    const target = await startTarget()
    const unsigned = callBytes('', ['Connection: close'], `${method} /api/inngest HTTP/1.1`)
    const signed = signedCall(target).replace('POST', method)
    for (const bytes of [unsigned, signed]) {
      const answer = await target.raw(bytes)
      expect(statusOf(answer)).toBe(405)
      expect(answer).toMatch(/allow: GET, POST, PUT/i)
    }
    expect(target.reasons()).toEqual(['method_not_allowed', 'method_not_allowed'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('is what a GET is too where introspection is off', async () => {
    const keys = { signingKeys: [{ env: 'PRIMARY' }], introspection: false }
    const target = await startTarget((upstream) => ({
      routes: [{ name: 'app', upstream, ...keys }],
    }))
    const answer = await target.raw('GET /api/inngest HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(statusOf(answer)).toBe(405)
    expect(answer).toMatch(/^allow: POST, PUT\r$/im)
  })

  it.each([
    ['app.example.com:443', 405, 'method_not_allowed'],
    ['/api/inngest', 400, 'request_unparsable'],
  ])('CONNECT %s opens no tunnel (RFC 9112 3.2.3)', async (to, status, reason) => {
    const target = await startTarget()
    const answer = await target.raw(`CONNECT ${to} HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n`)
    expect(statusOf(answer)).toBe(status)
    expect(target.reasons()).toEqual([reason])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['get', 'Post', 'POST\t', 'NONSENSE'])('%j is no method', async (method) => {
    const target = await startTarget()
    const answer = await target.raw(`${method} /api/inngest HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(statusOf(answer)).toBe(400)
    expect(target.reasons()).toEqual(['request_unparsable'])
  })

  it('cannot be had by an override', async () => {
    const target = await startTarget()
    const overrides = ['X-HTTP-Method-Override: DELETE', 'X-Method-Override: PATCH']
    await target.raw(signedCall(target, overrides))
    expect(target.upstream.bytes()).not.toMatch(/override/i)
  })
})
