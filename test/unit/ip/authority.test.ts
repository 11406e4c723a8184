import { describe, expect, it } from 'vitest'

import { canonicalAuthority, isSameAuthority } from '../../../gateway/ip/authority.ts'

describe('canonicalAuthority', () => {
  it.each([
    ['App.Example.COM', undefined, 'app.example.com'],
    ['app.example.com.', undefined, 'app.example.com'],
    ['app.example.com:443', 'https', 'app.example.com'],
    ['app.example.com:443', 'http', 'app.example.com:443'],
    ['app.example.com:80', 'http', 'app.example.com'],
    ['app.example.com:80', undefined, 'app.example.com'],
    ['app.example.com.:443', undefined, 'app.example.com'],
    ['app.example.com:08080', undefined, 'app.example.com:8080'],
    ['[2001:DB8:0:0::1]:443', 'https', '[2001:db8::1]'],
    ['[::1]:3000', undefined, '[::1]:3000'],
    ['[::ffff:192.0.2.1]', undefined, '[::ffff:192.0.2.1]'],
    ['192.0.2.1:3000', undefined, '192.0.2.1:3000'],
  ] as const)('writes %s for %s as %s', (text, scheme, canonical) => {
    expect(canonicalAuthority(text, scheme)).toBe(canonical)
  })

  it.each(['', '.', ':80', 'a b', 'a:', 'a:65536', 'user@a', '[::1', '[1.2.3.4]', 'a/b', 'a,b'])(
    'returns undefined for %j',
    (text) => {
      expect(canonicalAuthority(text, undefined)).toBeUndefined()
    },
  )
})

describe('isSameAuthority', () => {
  it('compares canonical spellings', () => {
    expect(isSameAuthority('APP.example.com.:443', 'app.example.com', 'https')).toBe(true)
    expect(isSameAuthority('app.example.com:444', 'app.example.com', 'https')).toBe(false)
  })

  it('is false for two equal texts that are no authorities', () => {
    expect(isSameAuthority('a b', 'a b', undefined)).toBe(false)
  })
})
