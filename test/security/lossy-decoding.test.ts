/**
 * Two bodies that decode to one text (threat B9): a MAC over the decoded text would cover both. The MAC is
 * computed over bytes.
 */
import { describe, expect, it } from 'vitest'

import { startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

/** These bodies are no function calls, which would be refused after the signature. */
const bodiesOnly = { checks: { runId: 'off' } }

async function post(target: Target, body: Buffer, signature: string): Promise<number> {
  const head = [
    'POST /api/inngest HTTP/1.1',
    'Host: a',
    `Content-Length: ${String(body.length)}`,
    `X-Inngest-Signature: ${signature}`,
    'Connection: close',
  ]
  return statusOf(await target.raw([`${head.join('\r\n')}\r\n\r\n`, body]))
}

describe('bodies of bytes that are no UTF-8', () => {
  const signed = Buffer.from([0x7b, 0xff, 0x7d])
  it('are verified as bytes: another that decodes alike is refused', async () => {
    const target = await startTarget(bodiesOnly)
    expect(await post(target, Buffer.from([0x7b, 0xfe, 0x7d]), target.sign(signed))).toBe(401)
    expect(await post(target, Buffer.from('{\ufffd}'), target.sign(signed))).toBe(401)
    expect(target.upstream.bytes()).toBe('')
    expect(await post(target, signed, target.sign(signed))).toBe(200)
    expect(target.upstream.seen[0]?.body).toBe('{\xff}')
  })
})
