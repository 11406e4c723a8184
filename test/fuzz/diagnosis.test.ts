/** A diagnosis claims no more than the MAC bears out, whatever is sent. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DiagnosisBudget } from '../../gateway/diagnosis/budget.ts'
import { encodings, type Encoding } from '../../gateway/diagnosis/encodings.ts'
import { diagnoseMismatch, mismatches } from '../../gateway/diagnosis/mismatch.ts'
import { canonicalizeJson } from '../../gateway/inngest/jcs/canonical-json.ts'
import { SigningKey } from '../../gateway/inngest/signing-key.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const secret = 'abcdef0123456789'
const prefixed = `signkey-test-${secret}`
const keys = [prefixed].flatMap((text) => SigningKey.parse('env:KEY', text) ?? [])
const otherKeys = ['other'].flatMap((text) => SigningKey.parse('env:OTHER', text) ?? [])
const t = 1_700_000_000

const macOf = (key: string, body: Uint8Array) =>
  createHmac('sha256', key).update(body).update(String(t)).digest()

function diagnose(body: Uint8Array, mac: Uint8Array, method = 'POST') {
  const credentials = { timestampSeconds: t, mac }
  const evidence = { method, body, credentials, keys, otherKeys }
  return diagnoseMismatch(evidence, new DiagnosisBudget(), 0)
}

const text = fc.oneof(
  mutated(fc.json(), '{}[]",:\\u0e&;%+=<é€\r\n'),
  fc.json(),
  fc.string({ unit: 'binary' }),
)
const bytes = fc.oneof(
  text.map((string) => Buffer.from(string)),
  fc.uint8Array().map((array) => Buffer.from(array)),
)

describe('the diagnosis', () => {
  it('is one of the kinds for any bytes under any MAC, and names no signer', () => {
    const mac = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const method = fc.constantFrom('GET', 'POST', 'PUT')
    const certain = ['other_key', 'key_prefix', 'extended', 'reencoded']
    fc.assert(
      fc.property(bytes, mac, method, (body, forged, verb) => {
        const { kind } = diagnose(body, forged, verb)
        return Object.hasOwn(mismatches, kind) && !certain.includes(kind)
      }),
      fuzz(),
    )
  })

  it('is `reencoded` only if an undoing it names gives what was signed', () => {
    const pair = fc.tuple(bytes, bytes, fc.boolean())
    fc.assert(
      fc.property(pair, ([signed, other, isRelated]) => {
        const sent = isRelated ? Buffer.from(signed.toString('latin1')) : other
        const { kind, detail } = diagnose(sent, macOf(secret, signed))
        if (kind !== 'reencoded') return
        const undo = encodings[String(detail).split(':')[0] as Encoding]
        const undone = [sent, canonicalizeJson(sent) ?? sent].flatMap((form) => undo(form) ?? [])
        const forms = undone.flatMap((form) => [form, canonicalizeJson(form) ?? form])
        expect(forms.map((form) => Buffer.from(form).toString('hex'))).toContain(
          signed.toString('hex'),
        )
      }),
      fuzz(),
    )
  })

  it('undoes what a hop did to any JSON, and says where it shows first', () => {
    const hops: ((json: string) => string | Buffer)[] = [
      (json) => `\ufeff${json}`,
      (json) => Buffer.from(json).toString('latin1'),
      (json) => encodeURIComponent(json),
      (json) => new URLSearchParams({ body: json }).toString(),
      (json) => JSON.stringify(json),
    ]
    const json = fc
      .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
      .map((value) => canonicalizeJson(Buffer.from(JSON.stringify(value))))
      .filter((canonical) => canonical !== undefined)
    fc.assert(
      fc.property(json, fc.constantFrom(...hops), (signed, hop) => {
        const sent = Buffer.from(hop(Buffer.from(signed).toString()))
        // ASCII taken for Latin-1 is itself.
        fc.pre(!sent.equals(signed))
        const { kind, detail } = diagnose(sent, macOf(secret, signed))
        expect(kind).toBe('reencoded')
        const [, at, received, before] =
          /byte (\d+) is (0x..|the end), signed was (0x..|the end)$/.exec(String(detail)) ?? []
        const hexAt = (body: Uint8Array) => {
          const byte = body[Number(at)]
          return byte === undefined ? 'the end' : `0x${byte.toString(16).padStart(2, '0')}`
        }
        expect([received, before]).toEqual([hexAt(sent), hexAt(signed)])
        expect(received).not.toBe(before)
      }),
      fuzz(),
    )
  })

  it('holds nothing of a key or of a MAC, and of the body no text', () => {
    const signer = fc.constantFrom(secret, prefixed, 'other', 'nobody')
    fc.assert(
      fc.property(bytes, fc.nat(), signer, (body, at, key) => {
        const signed = body.subarray(0, at % (body.length + 1))
        const mac = macOf(key, signed)
        const { detail } = diagnose(body, mac)
        expect(detail ?? '').toMatch(
          /^(?:env:(?:KEY|OTHER)|\d+ bytes received(?:, signature covers \d+)?|empty body; a proxy may have dropped it|U\+FFFD at byte \d+: a proxy may have lost characters|[a-z0-9_]+: byte \d+ is (?:0x..|the end), signed was (?:0x..|the end))?$/,
        )
      }),
      fuzz(),
    )
  })
})
