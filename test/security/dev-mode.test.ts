/**
 * Claiming to be the dev server (threat B12): SDKs do not verify in dev mode, and some let a request say
 * that this is it. The gateway has no such mode.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a request that says it comes from the dev server', () => {
  it.each(['dev', 'Dev', 'cloud', ''])(
    'changes nothing as X-Inngest-Server-Kind: %s',
    async (kind) => {
      const target = await startTarget()
      const field = `X-Inngest-Server-Kind: ${kind}`
      const body = freshBody()
      const unsigned = callBytes(body, [
        `Content-Length: ${String(body.length)}`,
        field,
        'Connection: close',
      ])
      expect(statusOf(await target.raw(unsigned))).toBe(401)
      const forged = unsigned.replace(field, `${field}\r\nX-Inngest-Signature: ${target.sign('x')}`)
      expect(statusOf(await target.raw(forged))).toBe(401)
      expect(target.upstream.bytes()).toBe('')
      expect(statusOf(await target.raw(signedCall(target, [field])))).toBe(200)
    },
  )

  it('is refused whatever the environment says', async () => {
    process.env['INNGEST_DEV'] = '1'
    try {
      const target = await startTarget()
      const empty = callBytes('', [
        'X-Inngest-Signature: ',
        'Content-Length: 0',
        'Connection: close',
      ])
      expect(statusOf(await target.raw(empty))).toBe(401)
      expect(target.upstream.bytes()).toBe('')
    } finally {
      delete process.env['INNGEST_DEV']
    }
  })
})
