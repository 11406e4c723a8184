/**
 * Headers pushed out of sight (threat D1, Node CVE-2026-58044): Node stopped listing headers beyond a
 * limit of its own, so that a check judged a request without the rest. The limit here is the gateway's,
 * and exceeding it is a refusal.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { sendRaw, statusOf } from '../support/raw.ts'

/** As many as the configuration allows, nearly. */
const MANY = 1990

const filler = (count: number) => Array.from({ length: count }, () => 'a: b')

describe('a head full of fields', () => {
  it('is refused by its count, with the signature last', async () => {
    const target = await startTarget()
    const body = freshBody()
    const last = [
      `X-Inngest-Signature: ${target.sign(body)}`,
      `Content-Length: ${String(body.length)}`,
    ]
    expect(statusOf(await target.raw(callBytes(body, [...filler(150), ...last])))).toBe(431)
    expect(target.reasons()).toEqual(['headers_too_many'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('keeps every field in sight where the operator allows so many', async () => {
    const target = await startTarget({ limits: { maxHeaderCount: MANY + 10 } })
    expect(statusOf(await target.raw(signedCall(target, filler(MANY))))).toBe(200)
    expect(target.upstream.seen[0]?.fields['a']).toHaveLength(MANY)
    const doubled = signedCall(target, [...filler(MANY), 'X-Inngest-Signature: t=1&s=1'])
    expect(statusOf(await target.raw(doubled))).toBe(401)
    expect(target.reasons()).toEqual(['none', 'signature_malformed'])
  })

  it('keeps every field in sight of a question about it, too', async () => {
    const target = await startTarget({
      limits: { maxHeaderCount: MANY + 10 },
      trustedProxies: ['127.0.0.1/32'],
      externalAuth: { host: '127.0.0.1', port: 0, protocol: 'ext_authz' },
    })
    const ask = (...last: string[]) => {
      const client = 'X-Forwarded-For: 127.0.0.5, 127.0.0.1'
      const question = signedCall(target, [client, ...filler(MANY), ...last])
      return sendRaw(target.gateway.externalAuthPort, question)
    }
    expect(statusOf(await ask())).toBe(200)
    expect(statusOf(await ask('X-Inngest-Signature: t=1&s=1'))).toBe(401)
    expect(target.reasons()).toEqual(['none', 'signature_malformed'])
  })

  it.each([
    [100, 200, 'none'],
    [101, 431, 'headers_too_many'],
  ])('gets, with %i fields, the status %i', async (count, status, reason) => {
    const target = await startTarget()
    const own = 4
    expect(statusOf(await target.raw(signedCall(target, filler(count - own))))).toBe(status)
    expect(target.reasons()).toEqual([reason])
  })

  it.each([
    [
      'field',
      (target: Awaited<ReturnType<typeof startTarget>>) =>
        signedCall(target, [`a: ${'b'.repeat(20_000)}`]),
    ],
    ['target', () => callBytes('', [], `GET /${'a'.repeat(20_000)} HTTP/1.1`)],
  ])('is refused by the length of a %s', async (_, bytes) => {
    const target = await startTarget()
    expect(statusOf(await target.raw(bytes(target)))).toBe(431)
    expect(target.reasons()).toEqual(['headers_too_large'])
    expect(target.upstream.bytes()).toBe('')
  })
})
