import { describe, expect, it } from 'vitest'

import { forwardedPrefix, forwardedScheme } from '../../../gateway/admit/forwarded-request.ts'

const lines = (name: string, values: readonly string[]) => values.flatMap((value) => [name, value])

describe('forwardedScheme', () => {
  it.each([
    [['https'], 0, 'https'],
    [['http'], 0, 'http'],
    [['HTTPS'], 0, 'https'],
    [['wss'], 0, 'https'],
    [['ws'], 0, 'http'],
    [['https, https'], 0, 'https'],
    [['https', 'https'], 0, 'https'],
    [['https,\thttps ,'], 1, 'https'],
    // The proxy nearest to the client wrote as many entries from the end as its address is.
    [['https, http'], 1, 'https'],
    [['http, https'], 1, 'http'],
    [['https', 'http'], 1, 'https'],
    // What is left of that is the client's own.
    [['https, http'], 0, 'http'],
    [['http, https'], 0, 'https'],
    [['http, https, http'], 1, 'https'],
    // The proxies between them overwrote it.
    [['https'], 3, 'https'],
    [['https, http'], 3, 'https'],
    [['gopher'], 0, 'http'],
    [['https://app.example.com'], 0, 'http'],
    [[], 0, 'http'],
    [[''], 0, 'http'],
  ] as const)('reads %j with %i proxies behind the first as %s', (values, hops, scheme) => {
    expect(forwardedScheme(lines('X-Forwarded-Proto', values), hops)).toBe(scheme)
  })

  it.each([
    [['on'], [], 'https'],
    [['ON'], [], 'https'],
    [['on', 'on'], [], 'https'],
    [['off'], [], 'http'],
    [['on', 'off'], [], 'http'],
    [['on'], [''], 'https'],
    [['on'], ['http'], 'http'],
    [['off'], ['https'], 'https'],
  ] as const)(
    'reads X-Forwarded-Ssl %j beside X-Forwarded-Proto %j as %s',
    (ssl, proto, scheme) => {
      const rawHeaders = [...lines('X-Forwarded-Ssl', ssl), ...lines('X-Forwarded-Proto', proto)]
      expect(forwardedScheme(rawHeaders, 0)).toBe(scheme)
    },
  )
})

describe('forwardedPrefix', () => {
  it.each(['/shop', '/shop/v1', '/shop/', '/~a/b-c_d.e'])('takes %s', (prefix) => {
    expect(forwardedPrefix(['X-Forwarded-Prefix', prefix])).toBe(prefix)
  })

  it.each([
    '',
    '/',
    'shop',
    '//evil.example.com',
    '/a//b',
    '/../a',
    '/a/..',
    '/\\evil',
    '/a?b',
    '/a#b',
    '/a%2fb',
    '/a, /b',
    '/"><script>',
    'https://evil.example.com',
    `/${'a'.repeat(256)}`,
  ])('refuses %j', (prefix) => {
    expect(forwardedPrefix(['X-Forwarded-Prefix', prefix])).toBeUndefined()
  })

  it('refuses two of them', () => {
    const rawHeaders = ['X-Forwarded-Prefix', '/a', 'x-forwarded-prefix', '/a']
    expect(forwardedPrefix(rawHeaders)).toBeUndefined()
  })
})
