import { describe, expect, it } from 'vitest'

import { loggedError, plainError, quotable } from '../../../gateway/redact/safe-text.ts'
import { holdsKey, redactKeys, redactSecrets } from '../../../gateway/redact/redact-secrets.ts'

const hex = '0123456789abcdef'.repeat(4)
const eventKey = 'aB3-_'.repeat(17)
const pem = `-----BEGIN EC PRIVATE KEY-----\nTOPSECRET\n-----END EC PRIVATE KEY-----`

describe('redactSecrets', () => {
  it.each([
    [`found "signkey-prod-${hex}"`, 'found "[redacted]"'],
    ['SIGNKEY-TEST-TOPSECRET, and', '[redacted], and'],
    [`x ${hex} y`, 'x [redacted] y'],
    [`x ${hex.slice(0, 32)}`, 'x [redacted]'],
    ['unknown command sk-inn-api-TOPSECRET', 'unknown command [redacted]'],
    ['redis://user:TOPSECRET@h:6379/0', 'redis://[redacted]@h:6379/0'],
    ['redis://:TOP/SEC?R#ET@h@h:6379', 'redis://[redacted]@h:6379'],
    ['(https://TOPSECRET:@h/x)', '(https://[redacted]@h/x)'],
    [`redis://user:a'TOPSECRET@h:6379`, 'redis://[redacted]@h:6379'],
    ['found "redis://user:a<TOPSECRET>b@h"', 'found "redis://[redacted]@h"'],
    ['redis%3A%2F%2F:TOPSECRET%40h', 'redis%3A%2F%2F[redacted]%40h'],
    ['/a?x-vercel-protection-bypass=TOPSECRET', '/a?x-vercel-protection-bypass=[redacted]'],
    ['name: ${INNGEST_SIGNING_KEY:-TOPSECRET}', 'name: ${INNGEST_SIGNING_KEY:-[redacted]}'],
    ['/signkey%2Dprod%2DTOPSECRET x', '/[redacted] x'],
    ['user:TOPSECRET@h', '[redacted]@h'],
    ['redis://h?db=1&password=TOPSECRET,1&x=2', 'redis://h?db=1&password=[redacted]&x=2'],
    ['https://h/?access_token=TOPSECRET', 'https://h/?access_token=[redacted]'],
    ['https://h/?pass=TOPSECRET&key=TOPSECRET', 'https://h/?pass=[redacted]&key=[redacted]'],
    ['INNGEST_SIGNING_KEY=TOPSECRET', 'INNGEST_SIGNING_KEY=[redacted]'],
    ['Authorization: Bearer TOPSECRET', 'Authorization: Bearer [redacted]'],
    ['https://inn.gs/e/TOPSECRET?x', 'https://inn.gs/e/[redacted]?x'],
    [`event key ${eventKey}`, 'event key [redacted]'],
    [`a ${pem} b`, 'a [redacted] b'],
    [JSON.stringify({ pem }), '{"pem":"[redacted]"}'],
    ['-----BEGIN PRIVATE KEY-----\nTOPSECRET', '[redacted]'],
  ])('maps %j to %j', (text, left) => {
    expect(redactSecrets(text)).toBe(left)
    expect(redactSecrets(left)).toBe(left)
  })

  it.each([
    'gateway.yaml:3: routes[0].path: expected a path, found "/api/@x?y"',
    'http://127.0.0.1:3000/api/inngest?fnId=app-a&stepId=step&probe=trust&deployId=1',
    'signkey-<env>- is left out',
    'rediss://cache.example.com:6380/1',
    '2a05:d014:275:cb00::/56, fe80::1%eth0, [::1]:8080',
    'at load (file:///app/node_modules/@redis/client/index.js:1:2)',
    'key: env:INNGEST_SIGNING_KEY',
    'someone@example.com',
    '${PORT:-8080} and ${HOST}',
    '-----BEGIN CERTIFICATE-----',
    '550e8400-e29b-41d4-a716-446655440000',
    'INNGEST_SIGNING_KEY_FALLBACK_OF_THE_ENVIRONMENT_CALLED_STAGING_2',
  ])('leaves %j as it is', (text) => {
    expect(redactSecrets(text)).toBe(text)
  })

  it('takes no longer than a text is long', () => {
    for (const unit of [
      'a:',
      'signature',
      'A1a',
      'a://',
      'a',
      '%3A%2F%2F',
      '${A:-',
      '%',
      '"',
      '-----BEGIN ',
      'a=',
      '@:',
      ' ',
    ]) {
      const text = unit.repeat(1_000_000 / unit.length)
      expect(redactSecrets(`${text} signkey-prod-TOPSECRET`)).not.toContain('TOPSECRET')
    }
  }, 10_000)
})

describe('redactKeys', () => {
  it('leaves the ids of requests, by which operators search', () => {
    const id = hex.slice(0, 40)
    expect(redactKeys(`${id} signkey-prod-1`)).toBe(`${id} [redacted]`)
  })
})

describe('holdsKey', () => {
  it.each(['signkey-prod-1', 'x=sk-inn-api-1', pem])('knows %j', (text) => {
    expect(holdsKey(text)).toBe(true)
  })

  it.each(['signkey-fallback', '/run/secrets/signkey', hex])('does not take %j for one', (text) => {
    expect(holdsKey(text)).toBe(false)
  })
})

describe('what quotes an error or another server', () => {
  const error = new Error('connect redis://:TOPSECRET@h', {
    cause: new Error(`WRONGPASS signkey-prod-TOPSECRET`),
  })

  it('is redacted', () => {
    for (const said of [loggedError(error), plainError(error), quotable(error.message)]) {
      expect(JSON.stringify(said)).toContain('[redacted]')
      expect(JSON.stringify(said)).not.toContain('TOPSECRET')
    }
  })

  it('leaves no part of a secret where a text is cut', () => {
    const text = `${'x '.repeat(95)} signkey-prod-TOPSECRET`
    expect(quotable(text)).not.toMatch(/signkey|TOP/)
    expect(
      loggedError(new Error(`${'x '.repeat(990)} signkey-prod-TOPSECRET`)).message,
    ).not.toMatch(/signkey|TOP/)
  })
})
