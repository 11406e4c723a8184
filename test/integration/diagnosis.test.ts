/** Why a signature was refused stands in the log and the metrics, and in no answer. */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget, type Target } from '../support/attack.ts'
import { recordedRequests } from '../support/recorded.ts'
import { statusOf } from '../support/raw.ts'
import { signatureHeader } from '../support/sender.ts'
import { fallbackKey, testKey } from '../support/test-gateway.ts'

/** A call of a real Inngest server, whose event holds characters that hops get wrong. */
const [recorded = ''] = recordedRequests
  .map(({ body }) => body)
  .filter((body) => /[^\x00-\x7f]/.test(body) && body.length < 5000)

const bytesOf = (body: string | Buffer, header: string, method = 'POST') =>
  Buffer.concat([
    Buffer.from(
      callBytes(
        '',
        [
          `Content-Length: ${String(Buffer.byteLength(body))}`,
          `X-Inngest-Signature: ${header}`,
          'Connection: close',
        ],
        `${method} /api/inngest HTTP/1.1`,
      ),
    ),
    Buffer.from(body),
  ])

async function diagnosed(target: Target, bytes: Buffer) {
  const answer = await target.raw(bytes)
  const { diagnosis, diagnosis_detail: detail, reason } = target.gateway.logLines.at(-1) ?? {}
  return { status: statusOf(answer), reason, diagnosis, detail, answer }
}

const sign = (target: Target, body: string | Buffer, key = testKey) =>
  signatureHeader(key, body, Math.floor(target.gateway.clock.wallMs / 1000))

type Case = [string, (target: Target) => Buffer, RegExp | undefined]

const cases: Case[] = [
  [
    'reencoded',
    (target) => {
      const mojibake = Buffer.from(Buffer.from(recorded).toString('latin1'), 'utf8')
      return bytesOf(mojibake, sign(target, recorded))
    },
    /^double_utf8: byte \d+ is 0x[0-9a-f]{2}, signed was 0x[0-9a-f]{2}$/,
  ],
  [
    'truncated',
    (target) => bytesOf(recorded.slice(0, 300), sign(target, recorded)),
    /bytes received$/,
  ],
  [
    'extended',
    (target) => bytesOf(`${recorded}\r\n--boundary--`, sign(target, recorded)),
    new RegExp(`signature covers ${String(Buffer.byteLength(recorded))}$`),
  ],
  [
    'other_key',
    (target) => bytesOf(recorded, sign(target, recorded, fallbackKey)),
    /^env:FALLBACK$/,
  ],
  [
    'key_prefix',
    (target) => bytesOf(recorded, sign(target, recorded, `signkey-x-${testKey}`)),
    /^env:PRIMARY$/,
  ],
  ['other_environment', (target) => bytesOf(recorded, sign(target, recorded, 'beef')), undefined],
  [
    'unknown',
    (target) => bytesOf(recorded.replace('"attempt":0', '"attempt": 7'), sign(target, recorded)),
    undefined,
  ],
  [
    'header_order',
    (target) => bytesOf(recorded, sign(target, recorded).replace(/^(t=\d+)&(s=\w+)$/, '$2&$1')),
    undefined,
  ],
  [
    'header_milliseconds',
    (target) => bytesOf(recorded, sign(target, recorded).replace(/^t=(\d+)/, 't=$1000')),
    undefined,
  ],
]

/** Two routes with a key each, so that they can be mixed up. */
const startTwo = () =>
  startTarget((upstream) => ({
    routes: [
      { name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'other', upstream, path: '/other', signingKeys: [{ env: 'FALLBACK' }] },
    ],
  }))

describe('a refused signature', () => {
  it.each(cases)('is classed as %s', async (kind, bytes, detail) => {
    const target = await startTwo()
    const found = await diagnosed(target, bytes(target))
    expect(found).toMatchObject({ status: 401, diagnosis: kind })
    if (detail === undefined) expect(found.detail).toBe(undefined)
    else expect(found.detail).toMatch(detail)
    expect(await target.metrics()).toContain(
      `inngest_gateway_signature_diagnoses_total{route="app",diagnosis="${kind}"} 1`,
    )
    expect(found.answer).not.toContain(kind)
    expect(target.upstream.bytes()).toBe('')
  })

  it('is named as expected for an introspection', async () => {
    const target = await startTwo()
    const found = await diagnosed(target, bytesOf('', sign(target, '', 'beef'), 'GET'))
    expect(found).toMatchObject({
      status: 401,
      reason: 'introspection_mismatch',
      diagnosis: 'other_environment',
    })
  })

  it('is classified too if a route only reports it', async () => {
    const target = await startTarget({ checks: { signature: 'report' } })
    const found = await diagnosed(target, bytesOf(recorded, sign(target, recorded, 'beef')))
    expect(found).toMatchObject({ status: 200, reason: 'none', diagnosis: 'other_environment' })
  })

  it('is classified too if a route only reports its header', async () => {
    const target = await startTarget({ checks: { signature: 'report' } })
    const doubled = `${sign(target, recorded)}, ${sign(target, recorded)}`
    const found = await diagnosed(target, bytesOf(recorded, doubled))
    expect(found).toMatchObject({ status: 200, diagnosis: 'header_duplicated' })
  })

  it('shows what a proxy rewrites if it verifies in its canonical form', async () => {
    const target = await startTwo()
    const body = freshBody()
    const found = await diagnosed(target, bytesOf(body.replace(':', ': '), sign(target, body)))
    expect(found).toMatchObject({
      status: 200,
      diagnosis: 'healed',
      detail: 'whitespace at byte 7',
    })
  })

  it('costs no more than its budget in a flood of forged ones', async () => {
    const target = await startTwo()
    const forged = Buffer.from(`{"ctx":{"x":"${'é'.repeat(30_000)}"}}`)
    for (let i = 0; i < 60; i += 1) await target.raw(bytesOf(forged, sign(target, 'x')))
    const kinds = target.gateway.logLines.map(({ diagnosis }) => diagnosis)
    expect(kinds[0]).toBe('other_environment')
    expect(kinds.at(-1)).toBe('not_diagnosed')
    expect(kinds.filter((kind) => kind !== 'not_diagnosed').length).toBeLessThan(20)
    // Refused all the same, each of them; and looked at again when there is budget again.
    expect(new Set(target.reasons())).toEqual(new Set(['signature_mismatch']))
    target.gateway.clock.monotonic += 10_000
    await target.raw(bytesOf(forged, sign(target, 'x')))
    expect(target.gateway.logLines.at(-1)).toMatchObject({ diagnosis: 'other_environment' })
  })
})

describe('clocks that drift apart', () => {
  async function callAged(target: Target, ageSeconds: number, times: number) {
    for (let i = 0; i < times; i += 1) {
      target.gateway.clock.monotonic += 1000
      const body = freshBody()
      expect(statusOf(await target.raw(bytesOf(body, target.sign(body, ageSeconds))))).toBe(200)
    }
  }
  const announced = (target: Target) =>
    target.gateway.logLines.filter(({ msg }) => String(msg).startsWith('clock drift'))

  it('are announced long before a call is refused for it, and so is their agreement', async () => {
    const target = await startTarget()
    await callAged(target, 1, 20)
    expect(announced(target)).toEqual([])
    expect(await target.metrics()).toContain('inngest_gateway_clock_state{state="steady"} 1')
    await callAged(target, 40, 60)
    expect(announced(target)).toMatchObject([
      { level: 40, clock_state: 'ahead', median_age_seconds: 40, msg: 'clock drift detected' },
    ])
    expect(await target.metrics()).toContain('inngest_gateway_signature_age_median_seconds 40')
    await callAged(target, 1, 120)
    expect(announced(target)[1]).toMatchObject({ level: 30, msg: 'clock drift ended' })
  })

  it('are not told apart by captures that somebody sends again', async () => {
    const target = await startTarget()
    await callAged(target, 1, 20)
    const old = freshBody()
    const capture = bytesOf(old, target.sign(old, 200))
    expect(statusOf(await target.raw(capture))).toBe(200)
    for (let i = 0; i < 40; i += 1) {
      target.gateway.clock.monotonic += 1000
      expect(statusOf(await target.raw(capture))).toBe(409)
    }
    expect(announced(target)).toEqual([])
    expect(await target.metrics()).toContain('inngest_gateway_signature_age_median_seconds 1')
  })

  it('are announced in the other direction too', async () => {
    const target = await startTarget()
    await callAged(target, -40, 20)
    expect(announced(target)).toMatchObject([{ clock_state: 'behind' }])
  })
})
