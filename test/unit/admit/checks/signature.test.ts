import { createHmac } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { checkCredentials } from '../../../../gateway/admit/checks/credentials.ts'
import { checkFreshness } from '../../../../gateway/admit/checks/freshness.ts'
import { verifySignature } from '../../../../gateway/admit/checks/signature.ts'
import { SigningKey } from '../../../../gateway/inngest/signing-key.ts'
import { inspect } from 'node:util'

function keyOf(text: string): SigningKey {
  const key = SigningKey.parse('env:TEST', text)
  if (key === undefined) throw new Error('no key')
  return key
}

function verify(keyTexts: string[], body: string, header: string) {
  const credentials = checkCredentials(['X-Inngest-Signature', header])
  if (!credentials.ok) return credentials.reason
  const verdict = verifySignature(Buffer.from(body), credentials.value, keyTexts.map(keyOf))
  return verdict.ok ? `${verdict.value.form} ${String(verdict.value.keySlot)}` : verdict.reason
}

/** inngest-js packages/inngest/src/test/helpers.ts: the only vector that an SDK publishes whole. */
const sdk = {
  key: 'signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f',
  body: '{"ctx":{"fn_id":"local-testing-local-cron","run_id":"01GQ3HTEZ01M7R8Z9PR1DMHDN1","step_id":"step"},"event":{"data":{},"id":"","name":"demo/event.sent","ts":1674082830001,"v":"1"},"events":[{"data":{},"id":"","name":"demo/event.sent","ts":1674082830001,"v":"1"}],"steps":{},"use_api":false}',
  header: 't=1687306735&s=a060f245a5d0c3c779ef65fd15b2ac06e4ab98dd8cc9860aa0722c8481ae02ab',
}
const goBody = '{"msg": "hey!  if you\'re reading this come work with us: careers@inngest.com"}'
const goHeader = (mac: string) => `t=1700000000&s=${mac}`

describe('verifySignature', () => {
  it.each([
    ['the SDK vector', [sdk.key], sdk.body, sdk.header, 'raw 0'],
    ['the SDK vector with a fallback key', ['fake', sdk.key], sdk.body, sdk.header, 'raw 1'],
    [
      'an empty body',
      ['12345678'],
      '',
      goHeader('189656184e486419febc1f6fd73e1c45bc8595c99633a32ebe1ea40ac8adf630'),
      'raw 0',
    ],
    [
      'the Go body, raw',
      ['signkey-prod-12345678'],
      goBody,
      goHeader('6448e7041cd19acfa2f308f8db897757f40a28c626d864798a4b6a79c96da91e'),
      'raw 0',
    ],
    [
      'the Go body, canonical',
      ['signkey-test-12345678'],
      goBody,
      goHeader('3bd63502fbbb620e784fff47ab0895978dd151ff7fd6d610df735db8041bd9ef'),
      'canonical 0',
    ],
    [
      'a sync with an escaped &',
      ['12345678'],
      '{"url":"http://localhost:3000/api/inngest?a=1\\u0026b=2"}',
      goHeader('ab4ad7d1bdc949ac3d332659c157b86b1b26b89d5304c57c1c62857c5b0fae1e'),
      'canonical 0',
    ],
    [
      'the Python escape',
      ['000000'],
      '{"msg":"a \\u0026 b"}',
      goHeader('5909f3f375f3665602c8e3421454f98e67aba5d64c9a8e9b7454e7d4b552782c'),
      'canonical 0',
    ],
    [
      'the Python hi',
      ['000000'],
      '{"msg":"hi"}',
      goHeader('8760ea98baa294f3b80ad90f6ed1df329aca74d72dfc23847d876efdec78e8fa'),
      'raw 0',
    ],
    [
      'unicode',
      ['12345678'],
      '{"msg":"hi ☃ 世界 🌍"}',
      goHeader('c254c24330f6a2b3fd50bf490fe58512204ec9ec6f65e0a3378a8121526696b1'),
      'raw 0',
    ],
    [
      'the TypeScript object',
      ['abc123'],
      '{"b":2,"a":1}',
      't=1234567890&s=3c13036f1237b8f69f0dafd6abd350e9b1f69d1c779eb5eb81fa88e9d6628ebe',
      'canonical 0',
    ],
  ])('admits %s', (_, keys, body, header, expected) => {
    expect(verify(keys, body, header)).toBe(expected)
  })

  it.each([
    [
      'a MAC made with the decoded hex of the key',
      [sdk.key],
      sdk.body,
      't=1687306735&s=9b3e8d2b524ee18f8d5240e86b1ecfc45c8c1b71b0a714d78c5722fd50f97f4c',
      'signature_mismatch',
    ],
    [
      'a MAC of neither key',
      ['fake', 'another-fake'],
      sdk.body,
      't=1687306735&s=eece58c8cf7cfc21a5751b1969c9aef525c96257b42b556c2782c83d26ea0d87',
      'signature_mismatch',
    ],
    [
      'the MAC of an empty key',
      ['000000'],
      '{"msg":"hi"}',
      goHeader('5b7e279a9fdd78fa9b748b032b86bca4add918c16faed744a071511660da9d6a'),
      'signature_mismatch',
    ],
    [
      'no t',
      ['000000'],
      '{"msg":"hi"}',
      's=26abc6ccce007160052cf6742d75b5a83660928004f789a249752e1dd03944b4',
      'signature_malformed',
    ],
    ['an empty header', [sdk.key], sdk.body, '', 'signature_missing'],
    ['empty values', [sdk.key], sdk.body, 't=&s=', 'signature_malformed'],
    ['lol', [sdk.key], sdk.body, 'lol', 'signature_malformed'],
    [
      'a doubled name under the MAC of its last value',
      ['000000'],
      '{"msg":"x","msg":"hi"}',
      goHeader('8760ea98baa294f3b80ad90f6ed1df329aca74d72dfc23847d876efdec78e8fa'),
      'signature_mismatch',
    ],
    [
      'the MAC of another body on a body without canonical form',
      ['12345678'],
      '{"a":1,"a":1}',
      goHeader('67a82077baa52522b1f612a154a25275c00a0338efc32be5ee396bd2391ba5e0'),
      'signature_mismatch',
    ],
    [
      'the other order',
      [sdk.key],
      sdk.body,
      sdk.header.split('&').reverse().join('&'),
      'signature_malformed',
    ],
    [
      'upper-case hex',
      [sdk.key],
      sdk.body,
      sdk.header.replace('a060f', 'A060F'),
      'signature_malformed',
    ],
    ['another parameter', [sdk.key], sdk.body, `${sdk.header}&v=1`, 'signature_malformed'],
    ['milliseconds', [sdk.key], sdk.body, sdk.header.replace('t=', 't=000'), 'signature_malformed'],
  ])('refuses %s', (_, keys, body, header, expected) => {
    expect(verify(keys, body, header)).toBe(expected)
  })

  it('refuses every flipped bit of the MAC', () => {
    const [t = '', s = ''] = sdk.header.split('&s=')
    for (let bit = 0; bit < 256; bit += 1) {
      const mac = Buffer.from(s, 'hex')
      mac[bit >> 3] = (mac[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verify([sdk.key], sdk.body, `${t}&s=${mac.toString('hex')}`)).toBe(
        'signature_mismatch',
      )
    }
  })
})

describe('checkCredentials', () => {
  it('refuses two signatures, whatever they say', () => {
    const twice = ['X-Inngest-Signature', sdk.header, 'x-inngest-signature', sdk.header]
    expect(checkCredentials(twice)).toEqual({ ok: false, reason: 'signature_malformed' })
  })
})

describe('checkFreshness', () => {
  const freshness = { maxAgeSeconds: 300, clockToleranceSeconds: 60 }
  it.each([
    [299, true],
    [300, true],
    [301, 'timestamp_too_old'],
    [-59, true],
    [-60, true],
    [-61, 'timestamp_in_future'],
  ])('judges an age of %i s: %s', (age, expected) => {
    const verdict = checkFreshness(1_700_000_000 - age, freshness, 1_700_000_000_999)
    expect(verdict.ok ? true : verdict.reason).toBe(expected)
  })
})

describe('SigningKey', () => {
  it.each(['', '  ', 'signkey-test-', 'signkey-prod-\n', 'a b', 'schlüssel'])(
    'refuses %j',
    (text) => {
      expect(SigningKey.parse('env:TEST', text)).toBeUndefined()
    },
  )

  it.each([
    ['0123456789abcdef'.repeat(4), true],
    [`signkey-prod-${'0123456789abcdef'.repeat(2)}`, true],
    ['0123456789ABCDEF'.repeat(2), true],
    ['0123456789abcdef0123456789abcde', false],
    ['0123456789abcdef0123456789abcdef0', false],
    ['0123456789abcdef0123456789abcd', false],
    ['/home/somebody/with/a/long/name/here', false],
  ])('says whether Inngest could have made %s: %s', (text, expected) => {
    expect(keyOf(text).hasInngestForm).toBe(expected)
  })

  it('never shows its text, with or without its prefix', () => {
    const key = keyOf(sdk.key)
    const { withPrefix } = key
    expect(withPrefix?.label).toBe('env:TEST')
    const shown = [key, withPrefix].flatMap((shy) => [
      String(shy),
      JSON.stringify({ shy }),
      inspect(shy, { showHidden: true, depth: null }),
      inspect({ shy }),
    ])
    expect(shown.join()).not.toContain('f00f')
    expect(shown.join()).not.toContain('signkey')
  })

  it('verifies nothing with its prefix, and has none if it came without', () => {
    const mac = createHmac('sha256', sdk.key).update(sdk.body).update('1687306735').digest('hex')
    expect(verify([sdk.key], sdk.body, `t=1687306735&s=${mac}`)).toBe('signature_mismatch')
    expect(keyOf('f00f').withPrefix).toBeUndefined()
    expect(keyOf(sdk.key).withPrefix?.withPrefix).toBeUndefined()
  })
})
