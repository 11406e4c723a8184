import { describe, expect, it } from 'vitest'

import { StatusToken } from '../../../../gateway/config/read/status-token.ts'
import { judgeAccess } from '../../../../gateway/ops/status/access.ts'

const text = 'sixteen:or-more-characters'
const token = StatusToken.parse(text)
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

describe('judgeAccess with a token', () => {
  it.each([`Bearer ${text}`, `bearer  ${text}`, basic(`:${text}`), basic(`anybody:${text}`)])(
    'lets in %j, under any name',
    (authorization) => {
      expect(judgeAccess({ authorization, host: 'status.example.com' }, token)).toBe('granted')
    },
  )

  it.each([
    undefined,
    '',
    text,
    'Bearer',
    `Bearer ${text}x`,
    `Bearer ${text} ${text}`,
    `Token ${text}`,
    basic(text.replace(':', '')),
    basic(`${text}:`),
    basic(`a:b:${text}`),
    `Basic ${text}`,
  ])('asks for it where there is %j', (authorization) => {
    const headers = authorization === undefined ? {} : { authorization }
    expect(judgeAccess({ ...headers, host: '127.0.0.1' }, token)).toBe('token')
  })
})

describe('judgeAccess without a token', () => {
  it.each(['127.0.0.1', '127.0.0.1:9090', '[::1]', '[::1]:9090', 'localhost', 'LOCALHOST:9090'])(
    'lets in who asks for %s',
    (host) => {
      expect(judgeAccess({ host }, undefined)).toBe('granted')
    },
  )

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:9090',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1:9090:9090',
    '[evil.example]',
    '127.0.0.1@evil.example',
    '127.1',
    '::1',
  ])('refuses who asks for %s', (host) => {
    expect(judgeAccess(host === undefined ? {} : { host }, undefined)).toBe('host')
  })
})
