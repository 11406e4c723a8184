/**
 * Learning a MAC by the clock (threat B6): compared byte by byte until the first that differs, or key
 * by key until the first that fits, a guess is answered the later the more of it is right:
 *
 *   s=00…        s=a0…  (a little slower: the first byte is right)        s=a060…
 *
 * Time itself is too coarse to test by; what is tested is what it is made of.
 */
import * as crypto from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { checkCredentials } from '../../gateway/admit/checks/credentials.ts'
import { verifySignature } from '../../gateway/admit/checks/signature.ts'
import { SigningKey } from '../../gateway/inngest/signing-key.ts'
import { signatureHeader } from '../support/sender.ts'

vi.mock('node:crypto', async (original) => {
  const actual: typeof crypto = await original()
  return { ...actual, timingSafeEqual: vi.fn(actual.timingSafeEqual) }
})
const compared = vi.mocked(crypto.timingSafeEqual)
beforeEach(() => {
  compared.mockClear()
})

const texts = ['first', 'second', 'third']
const keys = texts.flatMap((text) => SigningKey.parse('env:TEST', text) ?? [])

function verify(signedBy: string): string | number {
  const header = signatureHeader(signedBy, '{}', 1_700_000_000)
  const credentials = checkCredentials(['X-Inngest-Signature', header])
  if (!credentials.ok) return credentials.reason
  const verdict = verifySignature(Buffer.from('{}'), credentials.value, keys)
  return verdict.ok ? verdict.value.keySlot : verdict.reason
}

describe('a signature', () => {
  it.each([
    ['first', 0],
    ['second', 1],
    ['third', 2],
  ])('is compared, of the %s key, with every key in constant time', (text, slot) => {
    expect(verify(text)).toBe(slot)
    expect(compared).toHaveBeenCalledTimes(keys.length)
  })

  it('is compared, of no key, with every key, as it came and in canonical form', () => {
    expect(verify('another')).toBe('signature_mismatch')
    expect(compared).toHaveBeenCalledTimes(2 * keys.length)
  })
})
