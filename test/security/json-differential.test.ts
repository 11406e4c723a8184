/**
 * One JSON text, two meanings (threat B14): parsers differ over texts that RFC 8259 leaves open, so the
 * signer, the gateway and the app could see different calls. What has no lossless canonical form is
 * verified as bytes or not at all.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

/** These bodies are no function calls, which would be refused after the signature. */
const bodiesOnly = { checks: { runId: 'off' } }

async function post(target: Target, body: string, signedBody: string): Promise<number> {
  const fields = [`Content-Length: ${String(Buffer.byteLength(body))}`, 'Connection: close']
  const signature = `X-Inngest-Signature: ${target.sign(signedBody)}`
  const bytes = Buffer.from(callBytes(body, [...fields, signature]))
  return statusOf(await target.raw(bytes))
}

describe('a body with two meanings', () => {
  it('is forwarded as it is if it is signed as it is', async () => {
    const target = await startTarget(bodiesOnly)
    const body = '{"a":1,"a":2,"__proto__":{"b":1}}'
    expect(await post(target, body, body)).toBe(200)
    expect(target.upstream.seen[0]?.body).toBe(body)
  })

  it.each([
    ['{"a":1,"a":2}', '{"a":2}'],
    ['{"a":1,"a":2}', '{"a":1}'],
    ['{"a":1e400}', '{"a":null}'],
    ['{"a":"\\ud800"}', '{"a":"\ufffd"}'],
    ['{"a":01}', '{"a":1}'],
    ['{"a":1,}', '{"a":1}'],
    ['\ufeff{"a":1}', '{"a":1}'],
    ['{"a":1} x', '{"a":1}'],
    ['NaN', 'null'],
  ])('%j is not verified by the signature of %j', async (sent, signed) => {
    const target = await startTarget()
    expect(await post(target, sent, signed)).toBe(401)
    expect(target.reasons()).toEqual(['signature_mismatch'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('reaches the app as the bytes that were signed if a proxy re-encoded it without loss', async () => {
    const target = await startTarget(bodiesOnly)
    const signed = '{"a":"<é>","b":[1,2.5]}'
    expect(await post(target, ' { "b" : [1.0,25e-1], "a":"\\u003c\\u00e9>" } ', signed)).toBe(200)
    const { body = '' } = target.upstream.seen[0] ?? {}
    expect(Buffer.from(body, 'latin1').toString()).toBe(signed)
  })
})
