/** Each kind from what a hop would make of a recorded request, under the signature it came with. */
import { createHmac, randomBytes } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { verifySignature } from '../../../gateway/admit/checks/signature.ts'
import { maxExaminedBytes } from '../../../gateway/diagnosis/attempts.ts'
import { DiagnosisBudget } from '../../../gateway/diagnosis/budget.ts'
import { diagnoseMismatch } from '../../../gateway/diagnosis/mismatch.ts'
import { parseSignatureHeader } from '../../../gateway/inngest/signature-header.ts'
import { SigningKey } from '../../../gateway/inngest/signing-key.ts'
import { recordedKey, recordedRequests, recordedSignature } from '../../support/recorded.ts'
import { signatureHeader } from '../../support/sender.ts'

type Body = string | Uint8Array

const t = 1_795_476_948

function keyOf(text: string, label = 'env:KEY'): SigningKey {
  const key = SigningKey.parse(label, text)
  if (key === undefined) throw new Error('no key')
  return key
}

interface Sent {
  readonly body: Body
  readonly header: string
  readonly method?: string
  readonly keys?: SigningKey[]
  readonly otherKeys?: SigningKey[]
  readonly budget?: DiagnosisBudget
}

/** The diagnosis, in one line. */
function diagnosisOf({
  body,
  header,
  method = 'POST',
  keys = [keyOf(recordedKey)],
  otherKeys = [],
  budget = new DiagnosisBudget(),
}: Sent): string {
  const credentials = parseSignatureHeader(header)
  if (credentials === undefined) throw new Error('no credentials')
  const evidence = { method, body: Buffer.from(body), credentials, keys, otherKeys }
  expect(verifySignature(evidence.body, credentials, keys).ok).toBe(false)
  const { kind, detail } = diagnoseMismatch(evidence, budget, 0)
  return detail === undefined ? kind : `${kind} ${detail}`
}

const calls = recordedRequests.filter(({ method }) => method === 'POST')
/** `é`, `ü`, HTML and escaped quotes; nothing outside Latin-1. */
const [call] = calls
if (call === undefined) throw new Error('no recorded call')
const { body } = call
const header = recordedSignature(call)
const bytes = Buffer.from(body)

const inStrings = (change: (text: string) => string) => (text: string) =>
  JSON.stringify(JSON.parse(text), (_, value: unknown) =>
    typeof value === 'string' ? change(value) : value,
  )

const escapeHtml = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#x27;')

const asciiOnly = (text: string) =>
  text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

describe('a re-encoded body', () => {
  const twice = (text: string) => Buffer.from(text).toString('latin1')
  const mutations: [string, (text: string) => Body][] = [
    ['byte_order_mark', (text) => `\ufeff${text}`],
    ['double_utf8', twice],
    ['double_utf8', (text) => JSON.stringify(JSON.parse(twice(text)), null, 2)],
    ['double_utf8', (text) => asciiOnly(twice(text))],
    ['html_entities', escapeHtml],
    ['html_entities_in_strings', inStrings(escapeHtml)],
    ['percent', encodeURIComponent],
    ['form', (text) => new URLSearchParams({ payload: text }).toString()],
    ['form', (text) => new URLSearchParams({ [text]: '' }).toString()],
    ['json_string', JSON.stringify],
  ]
  it.each(mutations)('is named if it is %s (%#)', (encoding, mutate) => {
    for (const recorded of calls) {
      const mutated = mutate(recorded.body)
      // ASCII taken for Latin-1 is itself.
      if (encoding === 'double_utf8' && !/[^\x00-\x7f]/.test(recorded.body)) continue
      if (encoding === 'html_entities_in_strings' && !/[&<>']/.test(recorded.body)) continue
      const found = diagnosisOf({ body: mutated, header: recordedSignature(recorded) })
      expect(found).toMatch(new RegExp(`^reencoded ${encoding}: byte \\d+ is 0x`))
    }
  })

  it('is named as Latin-1, where it could be turned into it', () => {
    const latin1 = calls.filter(
      ({ body: text }) => /[\x80-\xff]/.test(text) && !/[^\x00-\xff]/.test(text),
    )
    expect(latin1.length).toBeGreaterThan(10)
    for (const recorded of latin1) {
      const mutated = Buffer.from(recorded.body, 'latin1')
      const found = diagnosisOf({ body: mutated, header: recordedSignature(recorded) })
      expect(found).toMatch(/^reencoded latin1: byte \d+ is 0xe9, signed was 0xc3$/)
    }
  })

  it('is named by way of Windows-1252, both ways', () => {
    const text = '{"a":"€ “quoted” – Ÿ"}'
    const signature = signatureHeader(recordedKey, text, t)
    // U+20AC is e2 82 ac: `â‚¬` to whoever takes it for Windows-1252.
    const mojibake = '{"a":"â‚¬ â€œquotedâ€\x9d â€“ Å¸"}'
    expect(diagnosisOf({ body: mojibake, header: signature })).toBe(
      'reencoded double_utf8: byte 6 is 0xc3, signed was 0xe2',
    )
    const single = Buffer.from('{"a":"\x80 \x93quoted\x94 \x96 \x9f"}', 'latin1')
    expect(diagnosisOf({ body: single, header: signature })).toBe(
      'reencoded latin1: byte 6 is 0x80, signed was 0xe2',
    )
  })

  it('is named with other line ends, where there is no canonical form', () => {
    const text = 'a=1\nb=2\n'
    const signature = signatureHeader(recordedKey, text, t)
    expect(diagnosisOf({ body: text.replaceAll('\n', '\r\n'), header: signature })).toBe(
      'reencoded crlf: byte 3 is 0x0d, signed was 0x0a',
    )
  })

  it('is named with escapes, where there is no canonical form', () => {
    const text = '{"a":1,"a":"/ & é 😀 \\u000a \\" \\\\u0041"}'
    const signature = signatureHeader(recordedKey, text, t)
    const escaped = asciiOnly(text).replace('/', '\\/').replace('&', '\\u0026')
    // The line feed has its short escape in what is undone, so it is signed with that here.
    const short = signatureHeader(recordedKey, text.replace('\\u000a', '\\n'), t)
    expect(diagnosisOf({ body: escaped, header: short })).toBe(
      'reencoded json_escapes: byte 12 is 0x5c, signed was 0x2f',
    )
    expect(diagnosisOf({ body: escaped, header: signature })).toBe('unknown')
  })

  it('is shown where it begins, by one byte of each', () => {
    expect(diagnosisOf({ body: `\ufeff${body}`, header })).toBe(
      'reencoded byte_order_mark: byte 0 is 0xef, signed was 0x7b',
    )
    const accent = bytes.indexOf('é')
    expect(diagnosisOf({ body: asciiOnly(twice(body)), header })).toBe(
      `reencoded double_utf8: byte ${String(accent)} is 0x5c, signed was 0xc3`,
    )
    const ampersand = bytes.indexOf('&')
    expect(diagnosisOf({ body: body.replaceAll('&', '&amp;'), header })).toBe(
      `reencoded html_entities: byte ${String(ampersand + 1)} is 0x61, signed was 0x79`,
    )
  })

  it('is not named if it loses characters, except where it lost the first', () => {
    const at = String(bytes.indexOf('é'))
    expect(diagnosisOf({ body: body.replaceAll(/[éü]/g, '\ufffd'), header })).toBe(
      `unknown U+FFFD at byte ${at}: a proxy may have lost characters`,
    )
  })
})

describe('a body of another length', () => {
  it('is truncated wherever it was cut', () => {
    for (let length = 1; length < bytes.length; length += 1) {
      expect(diagnosisOf({ body: bytes.subarray(0, length), header })).toBe(
        `truncated ${String(length)} bytes received`,
      )
    }
  })

  it.each([
    ['another value', '{}'],
    ['the end of a chunked body', '\r\n0\r\n\r\n'],
    ['padding', '\0\0\0\0'],
    ['itself', body],
  ])('is extended by %s', (_, surplus) => {
    const found = diagnosisOf({ body: body + surplus, header })
    const length = bytes.length + Buffer.byteLength(surplus)
    expect(found).toBe(
      `extended ${String(length)} bytes received, signature covers ${String(bytes.length)}`,
    )
  })

  it('is extended, its beginning verifying in its canonical form', () => {
    const sync = recordedRequests[0]
    if (sync?.method !== 'PUT') throw new Error('no recorded sync')
    expect(diagnosisOf({ body: `${sync.body}x`, header: recordedSignature(sync) })).toBe(
      'extended 63 bytes received, signature covers 62',
    )
  })

  it.each([
    ['a line feed', 'a=1\n', 'a=1'],
    ['CR LF', 'a=1\r\n', 'a=1'],
    ['all of it', '{"a":1}', ''],
  ])('is extended by %s, whatever was signed', (_, sent, signed) => {
    expect(diagnosisOf({ body: sent, header: signatureHeader(recordedKey, signed, t) })).toBe(
      `extended ${String(sent.length)} bytes received, signature covers ${String(signed.length)}`,
    )
  })
})

describe('another key', () => {
  const other = keyOf(randomBytes(32).toString('hex'), 'file:/keys/other')

  it('is named by its label if it is that of another route, in either form of the body', () => {
    for (const recorded of recordedRequests) {
      const sent = { body: recorded.body, header: recordedSignature(recorded) }
      const otherKeys = [keyOf('another'), keyOf(recordedKey, 'env:BILLING')]
      expect(diagnosisOf({ ...sent, keys: [other], otherKeys })).toBe('other_key env:BILLING')
    }
  })

  it('is the route’s own with its prefix', () => {
    const text = `signkey-dev-${recordedKey}`
    const mac = createHmac('sha256', text).update(body).update(String(t)).digest('hex')
    const sent = { body, header: `t=${String(t)}&s=${mac}` }
    expect(diagnosisOf({ ...sent, keys: [other, keyOf(text, 'env:DEV')] })).toBe(
      'key_prefix env:DEV',
    )
    expect(diagnosisOf({ ...sent, keys: [keyOf(recordedKey)] })).toBe('other_environment')
  })

  it('counts as another environment if it is unknown here and the body is as Inngest writes it', () => {
    for (const { body: intact, method } of recordedRequests) {
      const header = signatureHeader('deadbeef', intact, t)
      expect(diagnosisOf({ body: intact, header, method })).toBe('other_environment')
    }
    expect(diagnosisOf({ body: '', header: signatureHeader('deadbeef', '', t) })).toBe(
      'other_environment empty body; a proxy may have dropped it',
    )
  })
})

describe('a forgery', () => {
  const forged = () => `t=${String(t)}&s=${randomBytes(32).toString('hex')}`

  it.each([
    ['over a call', body, 'other_environment'],
    ['over a call written anew', JSON.stringify(JSON.parse(body), null, 1), 'unknown'],
    ['over text', 'hello', 'unknown'],
    ['over a JSON string', '"hello"', 'unknown'],
    ['over escapes of all kinds', '&lt;%41\\u0026Ã©\r\n+=', 'unknown'],
    ['over no UTF-8', Buffer.from([0x80, 0xff]), 'unknown'],
  ])('%s is called nothing more certain', (_, sent, kind) => {
    const keys = [keyOf(`signkey-test-${recordedKey}`), keyOf('fallback')]
    expect(diagnosisOf({ body: sent, header: forged(), keys, otherKeys: [keyOf('a')] })).toBe(kind)
  })

  it('is unknown with random bytes', () => {
    for (let i = 0; i < 1000; i += 1) {
      const random = randomBytes(200)
      // What begins like JSON and happens to end in a string may pass for truncated.
      random[0] = 0xff
      expect(diagnosisOf({ body: random, header: forged() })).toMatch(/^unknown/)
    }
  })
})

describe('a long body', () => {
  const of = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`
  it('is looked at closely up to maxExaminedBytes', () => {
    const at = (length: number) => {
      const text = of(length - 3)
      return diagnosisOf({ body: `\ufeff${text}`, header: signatureHeader(recordedKey, text, t) })
    }
    expect(at(maxExaminedBytes)).toMatch(/^reencoded/)
    expect(at(maxExaminedBytes + 1)).toBe(
      `not_diagnosed ${String(maxExaminedBytes + 1)} bytes received`,
    )
  })

  it('is still found truncated, extended, or signed with another key', () => {
    const text = of(4_000_000)
    const header = signatureHeader(recordedKey, text, t)
    expect(diagnosisOf({ body: text.slice(0, -1), header })).toMatch(/^truncated/)
    expect(diagnosisOf({ body: `${text}{}`, header })).toMatch(/^extended/)
    const keys = { keys: [keyOf('a')], otherKeys: [keyOf(recordedKey, 'env:OTHER')] }
    expect(diagnosisOf({ body: text, header, ...keys })).toBe('other_key env:OTHER')
  })
})
