/**
 * Bytes that two parsers read differently (threats D16, D24; Envoy CVE-2024-45808 and CVE-2026-73552,
 * undici CVE-2022-31150): one header could become two, or match in one place and not in another. Header
 * values that decide something are visible ASCII here, and so is every value in the log.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('a control byte in a field', () => {
  const bytes = [0x00, 0x01, 0x08, 0x0b, 0x0c, 0x0d, 0x1b, 0x7f]
  it.each(bytes)('is refused as 0x%i', async (byte) => {
    const target = await startTarget()
    const bytesSent = signedCall(target, [`X-Any: a${String.fromCharCode(byte)}b`])
    expect(statusOf(await target.raw(bytesSent))).toBe(400)
    expect(target.reasons()).toEqual(['request_unparsable'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('is refused in a name', async () => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, ['X\x00A: b'])))).toBe(400)
    expect(statusOf(await target.raw(signedCall(target, ['X A: b'])))).toBe(400)
    expect(statusOf(await target.raw(signedCall(target, ['X\xe9A: b'])))).toBe(400)
    expect(target.upstream.bytes()).toBe('')
  })
})

describe('a byte above 0x7f', () => {
  it.each(['X-Run-ID', 'X-Inngest-Req-Version', 'Content-Type', 'Host'])(
    'is refused in %s, which decides something',
    async (name) => {
      const target = await startTarget()
      expect(statusOf(await target.raw(signedCall(target, [`${name}: a\x80b`])))).toBe(400)
      expect(target.reasons()).toEqual(['header_malformed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it('is forwarded unchanged elsewhere', async () => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, ['X-Any: a\xe9\xffb'])))).toBe(200)
    expect(target.upstream.seen[0]?.fields['x-any']).toEqual(['a\xe9\xffb'])
  })
})

describe('the log', () => {
  it('holds what a sender wrote in visible ASCII, short, and as one line of JSON', async () => {
    const target = await startTarget()
    const query = `fnId=${encodeURIComponent('\x1b[2J\n{"decision":"admitted"}\u2028\u202e')}&stepId=${'x'.repeat(500)}`
    const bytes = signedCall(target, [`X-Run-ID: ${'r'.repeat(500)}`, 'X-Request-Id: a b"c'])
    await target.raw(bytes.replace('fnId=f&stepId=step', query))
    const [line = {}] = target.gateway.logLines
    expect(line['path']).toBe('/api/inngest')
    expect(line['fn_id']).toBe('?[2J?{"decision":"admitted"}??')
    expect(line['step_id']).toHaveLength(200)
    expect(line['run_id']).toHaveLength(200)
    expect(line['request_id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('takes over no X-Request-Id that is a key', async () => {
    const key = `signkey-prod-${'0123456789abcdef'.repeat(4)}`
    const target = await startTarget()
    await target.raw(signedCall(target, [`X-Request-Id: ${key}`]))
    const [line = {}] = target.gateway.logLines
    expect(line['request_id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})
