/**
 * Whole requests, mutated, at a running gateway: it answers or hangs up and goes on, and the app
 * behind it sees nothing but what carries a valid MAC.
 */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { expectQuiet, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { fuzz, mutated } from '../support/fuzz.ts'
import { statusOf } from '../support/raw.ts'
import { testKey } from '../support/test-gateway.ts'

const PIECES = [
  'Transfer-Encoding: chunked',
  'Content-Length: 5',
  'Content-Length: 0',
  'X-Inngest-Signature: t=1700000000&s=00',
  'Host: evil',
  'Connection: keep-alive',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'X-Forwarded-For: 3.3.3.3',
  '__proto__: x',
  ': empty',
  ' folded',
]

describe('a mutated request', () => {
  it('never reaches the app without a MAC over the very bytes that the app gets', async () => {
    const target = await startTarget({
      limits: { headersTimeout: '1s', bodyIdleTimeout: '500ms', bodyTimeout: '1s' },
    })
    const valid = fc.nat().map(() => signedCall(target, [], freshBody()))
    const request = fc.tuple(
      mutated(valid, '\r\n\t :;,0\0\x80/?#%'),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 2 }),
      fc.nat(),
    )
    await fc.assert(
      fc.asyncProperty(request, async ([text, more, at]) => {
        const lines = text.split('\r\n')
        lines.splice(1 + (at % Math.max(1, lines.length - 2)), 0, ...more)
        const bytes = Buffer.from(lines.join('\r\n'), 'latin1')
        await target.raw(bytes, { waitMs: 20 })
      }),
      fuzz(0.15),
    )
    const secret = testKey.replace(/^signkey-test-/, '')
    for (const { line, fields, body } of target.upstream.seen) {
      const [, t = '', s] =
        /^t=(\d{10})&s=([0-9a-f]{64})$/.exec(fields['x-inngest-signature']?.[0] ?? '') ?? []
      const mac = createHmac('sha256', secret).update(Buffer.from(body, 'latin1')).update(t)
      expect([line, mac.digest('hex')]).toEqual([line, s])
      expect(fields['content-length'] ?? ['0']).toEqual([String(body.length)])
    }
    console.log(
      `${String(target.gateway.logLines.length)} records, ${String(target.upstream.seen.length)} requests at the app`,
    )
    expect(statusOf(await target.raw(signedCall(target)))).toBe(200)
    await expectQuiet(target)
  }, 600_000)
})
