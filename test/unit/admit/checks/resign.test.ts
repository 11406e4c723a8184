import { describe, expect, it } from 'vitest'

import { NewSignature } from '../../../../gateway/admit/checks/resign.ts'
import { verifyRaw, verifySignature } from '../../../../gateway/admit/checks/signature.ts'
import { resignOf } from '../../../../gateway/config/resign.ts'
import { Body } from '../../../../gateway/inngest/body.ts'
import { parseSignatureHeader } from '../../../../gateway/inngest/signature-header.ts'
import { SigningKey } from '../../../../gateway/inngest/signing-key.ts'
import { signatureHeader } from '../../../support/sender.ts'

const at = 1_700_000_000

function keyOf(text: string): SigningKey {
  const key = SigningKey.parse('env:TEST', text)
  if (key === undefined) throw new Error('no key')
  return key
}

function credentialsOf(key: string, body: string) {
  const credentials = parseSignatureHeader(signatureHeader(key, body, at))
  if (credentials === undefined) throw new Error('no signature')
  return credentials
}

function verified(key: string, body: Body, text: string, keys: readonly SigningKey[]) {
  const verdict = verifyRaw(body, credentialsOf(key, text), keys)
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.value
}

function resign(key: string, signingKeys: readonly SigningKey[]) {
  const policy = resignOf(keyOf(key), signingKeys)
  if (policy === undefined) throw new Error('no policy')
  return policy
}

const both = [keyOf('signkey-prod-0a0a'), keyOf('signkey-prod-1b1b')]

describe('a new signature', () => {
  it.each(['', '{"a":1}', 'Grüße 🌍'])('is over the same body and time: %j', (text) => {
    const signature = verified('1b1b', Body.of(Buffer.from(text)), text, both)
    const { header } = NewSignature.instead(signature, resign('0a0a', both)) ?? {}
    expect(header).toBe(signatureHeader('0a0a', text, at))
  })

  it('is over a body in pieces', () => {
    const pieces = ['{"a', '":', '1}'].map((text) => Buffer.from(text))
    const signature = verified('1b1b', new Body(pieces), '{"a":1}', both)
    const { header } = NewSignature.instead(signature, resign('signkey-test-2c2c', both)) ?? {}
    expect(header).toBe(signatureHeader('2c2c', '{"a":1}', at))
  })

  it('is over the canonical form, if that is what was signed', () => {
    const canonical = '{"a":1,"b":2}'
    const received = Buffer.from('{ "b": 2, "a": 1 }')
    const verdict = verifySignature(received, credentialsOf('1b1b', canonical), both)
    if (!verdict.ok) throw new Error(verdict.reason)
    const { header } = NewSignature.instead(verdict.value, resign('0a0a', both)) ?? {}
    expect(header).toBe(signatureHeader('0a0a', canonical, at))
  })

  it.each([
    ['0a0a', both],
    ['signkey-prod-0a0a', both],
    ['0a0a', [keyOf('other'), keyOf('0a0a')]],
  ])('is not made if the app has the key that verified: %s', (key, keys) => {
    const signature = verified('0a0a', Body.of(Buffer.from('{}')), '{}', keys)
    expect(NewSignature.instead(signature, resign(key, keys))).toBeUndefined()
  })

  it('cannot be made of what was not verified, by its type', () => {
    const { mac, timestampSeconds } = credentialsOf('bad', '{}')
    const signedBody = Body.of(Buffer.from('{}'))
    const forged = {
      signedBody,
      form: 'raw',
      keySlot: 7,
      mac,
      macs: [mac],
      timestampSeconds,
    } as const
    // @ts-expect-error It was not made where signatures are verified.
    const made = NewSignature.instead(forged, resign('0a0a', both))
    expect(made).toBeDefined()
  })
})
