import { describe, expect, it } from 'vitest'

import { formatHostPort, withoutBrackets } from '../../../gateway/ip/authority.ts'

describe('formatHostPort', () => {
  it.each([
    ['::', '[::]:8080'],
    ['2001:db8::1', '[2001:db8::1]:8080'],
    ['127.0.0.1', '127.0.0.1:8080'],
    ['app.example.com', 'app.example.com:8080'],
  ])('writes %s as a URL would', (host, text) => {
    expect(formatHostPort({ host, port: 8080 })).toBe(text)
    expect(withoutBrackets(new URL(`http://${text}`).hostname)).toBe(host)
  })
})
