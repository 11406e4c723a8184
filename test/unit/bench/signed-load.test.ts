import { describe, expect, it } from 'vitest'

import { ID_CHARACTERS, makeBody } from '../../../bench/bodies.ts'
import { createSigner } from '../../../bench/signed-load.ts'
import { canonicalizeJson } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { signatureHeader } from '../../support/sender.ts'

const key = 'f00f3005a3666b359a79c2bc3380ce27'
const id = 'a'.repeat(ID_CHARACTERS)

describe('makeBody', () => {
  it.each([
    [2048, 'canonical'],
    [65_536, 'canonical'],
    [2048, 'spaced'],
    [65_536, 'spaced'],
  ] as const)('makes %i bytes, %s, whose canonical form is what is signed', (bytes, form) => {
    const { sent, signed } = makeBody(bytes, form)
    const text = Buffer.from(`${sent.before}${id}${sent.after}`)
    expect(text).toHaveLength(bytes)
    const canonical = Buffer.from(canonicalizeJson(text) ?? []).toString()
    expect(canonical).toBe(`${signed.before}${id}${signed.after}`)
    expect(canonical === text.toString()).toBe(form === 'canonical')
  })
})

describe('createSigner', () => {
  it('signs as a sender does', () => {
    const halves = { before: '{"a":"', after: '","b":"é"}' }
    const { timestampSeconds, sign } = createSigner(key, halves, 1_700_000_000_500)
    const body = `${halves.before}${id}${halves.after}`
    const header = `t=${String(timestampSeconds)}&s=${sign(id)}`
    expect(header).toBe(signatureHeader(key, body, 1_700_000_000))
  })
})
