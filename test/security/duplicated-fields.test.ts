/**
 * Two values of one header (threat B5; Envoy CVE-2020-25017): implementations differ in which of the two
 * they take, so one could verify what another does not use. Two signatures are refused, whatever they are.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a doubled field', () => {
  it.each(['X-Inngest-Signature', 'x-inngest-signature', 'X-INNGEST-SIGNATURE'])(
    '%s is refused, whichever is valid',
    async (name) => {
      const target = await startTarget()
      const forged = `${name}: t=1700000000&s=${'0'.repeat(64)}`
      const first = signedCall(target).replace('X-Inngest', `${forged}\r\nX-Inngest`)
      for (const bytes of [signedCall(target, [forged]), first]) {
        expect(statusOf(await target.raw(bytes))).toBe(401)
      }
      expect(target.reasons()).toEqual(['signature_malformed', 'signature_malformed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it('is refused even if both are the same and valid', async () => {
    const target = await startTarget()
    const bytes = signedCall(target)
    const [line = ''] = /X-Inngest-Signature: .*\r\n/.exec(bytes) ?? []
    expect(statusOf(await target.raw(bytes.replace(line, line + line)))).toBe(401)
  })

  it.each(['X-Run-ID', 'X-Inngest-Server-Kind', 'X-Inngest-Req-Version', 'Content-Type'])(
    '%s is refused',
    async (name) => {
      const target = await startTarget()
      const doubled = [`${name}: a`, `${name.toLowerCase()}: b`]
      expect(statusOf(await target.raw(signedCall(target, doubled)))).toBe(400)
      expect(target.reasons()).toEqual(['header_duplicated'])
      expect(target.upstream.bytes()).toBe('')
    },
  )
})
