/** No header admits a body whose MAC it does not carry, whatever it looks like. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, it } from 'vitest'

import { checkCredentials } from '../../gateway/admit/checks/credentials.ts'
import { verifySignature } from '../../gateway/admit/checks/signature.ts'
import { parseSignatureHeader } from '../../gateway/inngest/signature-header.ts'
import { SigningKey } from '../../gateway/inngest/signing-key.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const secret = 'abcdef0123456789'
const key = SigningKey.parse('env:TEST', `signkey-test-${secret}`)
if (key === undefined) throw new Error('no key')

const timestamp = fc.integer({ min: 1_000_000_000, max: 9_999_999_999 })
const hex = (mac: Buffer) => mac.toString('hex')
const mac = (body: string | Uint8Array, t: number) =>
  createHmac('sha256', secret).update(body).update(String(t)).digest()

const validHeader = fc
  .tuple(timestamp, fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([t, bytes]) => `t=${String(t)}&s=${hex(Buffer.from(bytes))}`)

describe('the signature header', () => {
  it('is read in its one spelling only, and never throws', () => {
    const header = fc.oneof(mutated(validHeader, '&=ts%+ ?;,0Aa'), fc.string(), validHeader)
    fc.assert(
      fc.property(header, (text) => {
        const credentials = parseSignatureHeader(text)
        if (credentials === undefined) return !/^t=[1-9]\d{9}&s=[0-9a-f]{64}$/.test(text)
        const again = `t=${String(credentials.timestampSeconds)}&s=${hex(Buffer.from(credentials.mac))}`
        return again === text
      }),
      fuzz(),
    )
  })

  it('gives credentials only if it is there once', () => {
    const name = fc.constantFrom(
      'X-Inngest-Signature',
      'x-inngest-signature',
      'X_Inngest_Signature',
    )
    const fields = fc.array(fc.tuple(name, fc.oneof(validHeader, fc.constant(''), fc.string())))
    fc.assert(
      fc.property(fields, (pairs) => {
        const verdict = checkCredentials(pairs.flat())
        const own = pairs.filter(([field]) => !field.includes('_'))
        return !verdict.ok || own.length === 1
      }),
      fuzz(),
    )
  })
})

describe('a signature', () => {
  const body = fc.oneof(
    fc.json(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.stringMatching(/^\d{0,30}$/),
  )

  it('verifies only what an own computation of the MAC verifies', () => {
    const attempt = fc.tuple(body, body, timestamp, timestamp, fc.boolean(), fc.boolean())
    fc.assert(
      fc.property(attempt, ([signed, sent, signedAt, sentAt, isSameBody, isSameTime]) => {
        const bytes = Buffer.from(isSameBody ? signed : sent)
        const t = isSameTime ? signedAt : sentAt
        const made = mac(Buffer.from(signed), signedAt)
        const verdict = verifySignature(bytes, { timestampSeconds: t, mac: made }, [key])
        const isRaw = mac(bytes, t).equals(made)
        if (!verdict.ok) return !isRaw
        // Whatever form matched, its bytes carry this MAC.
        return mac(verdict.value.signedBody.whole(), t).equals(made)
      }),
      fuzz(),
    )
  })

  it('verifies nothing with any bit flipped, of body, time or MAC', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), timestamp, fc.nat(), (bytes, t, at) => {
        const made = mac(bytes, t)
        const flippedMac = Buffer.from(made)
        flippedMac[at % 32] = (flippedMac[at % 32] ?? 0) ^ (1 << (at % 8))
        const flipped = Buffer.from(bytes)
        flipped[at % flipped.length] = (flipped[at % flipped.length] ?? 0) ^ (1 << (at % 8))
        const attempts = [
          verifySignature(Buffer.from(bytes), { timestampSeconds: t, mac: flippedMac }, [key]),
          verifySignature(flipped, { timestampSeconds: t, mac: made }, [key]),
          verifySignature(Buffer.from(bytes), { timestampSeconds: t + 1, mac: made }, [key]),
        ]
        return attempts.every(
          (verdict) =>
            !verdict.ok || Buffer.from(verdict.value.signedBody.whole()).equals(Buffer.from(bytes)),
        )
      }),
      fuzz(),
    )
  })
})
