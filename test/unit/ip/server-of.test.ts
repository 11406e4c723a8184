import { describe, expect, it } from 'vitest'

import { serverOf } from '../../../gateway/ip/server-of.ts'

describe('serverOf', () => {
  it.each([
    ['http://localhost:3000', 'http://127.0.0.1:3000'],
    ['http://localhost:3000', 'http://[::1]:3000'],
    ['http://localhost:3000', 'http://127.1.2.3:3000'],
    ['http://localhost:3000', 'http://0.0.0.0:3000'],
    ['http://localhost:3000', 'http://[::]:3000'],
    ['http://localhost:3000', 'http://[::ffff:127.0.0.1]:3000'],
    ['http://localhost:3000', 'http://[::ffff:0.0.0.0]:3000'],
    ['http://localhost:3000', 'http://LOCALHOST.:3000'],
    ['http://localhost:3000', 'http://app.localhost:3000'],
    ['http://localhost:3000', 'http://localhost.localdomain:3000'],
    ['http://localhost:3000', 'http://ip6-localhost:3000'],
    ['http://127.0.0.1', 'http://localhost:80'],
    ['https://127.0.0.1', 'https://localhost:443'],
    ['https://127.0.0.1', 'http://localhost:443'],
    ['http://app:3000', 'http://APP.:3000'],
    ['http://app:443', 'https://app'],
    ['http://10.0.0.1:3000', 'http://[::ffff:10.0.0.1]:3000'],
    ['http://[fd00::1]:3000', 'http://[fd00:0:0::1]:3000'],
  ])('is the same for %s and %s', (one, other) => {
    expect(serverOf(one)).toBe(serverOf(other))
  })

  it.each([
    ['http://localhost:3000', 'http://localhost:3001'],
    ['http://localhost', 'https://localhost'],
    ['http://localhost:3000', 'http://10.0.0.1:3000'],
    ['http://localhost:3000', 'http://notlocalhost:3000'],
    ['http://localhost:3000', 'http://localhost.example.com:3000'],
    ['http://app:3000', 'http://app.example.com:3000'],
    ['http://[::1]:3000', 'http://[::2]:3000'],
  ])('differs for %s and %s', (one, other) => {
    expect(serverOf(one)).not.toBe(serverOf(other))
  })
})
