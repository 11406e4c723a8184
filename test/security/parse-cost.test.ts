/**
 * Making the gateway parse (threat D23, the class of CVE-2026-21717): parsing some bodies costs far more
 * than reading them, and a gateway that parses before it verifies does so for any client.
 */
import { beforeEach, describe, expect, it, vi } from 'vitest'

import * as canonical from '../../gateway/inngest/jcs/canonical-json.ts'
import { callBytes, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

vi.mock('../../gateway/inngest/jcs/canonical-json.ts', async (original) => {
  const actual: typeof canonical = await original()
  return { ...actual, canonicalizeJson: vi.fn(actual.canonicalizeJson) }
})
const parsed = vi.mocked(canonical.canonicalizeJson)
beforeEach(() => {
  parsed.mockClear()
})

describe('a body', () => {
  it('is never parsed if its bytes are what was signed', async () => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target)))).toBe(200)
    expect(parsed).not.toHaveBeenCalled()
  })

  it('is never parsed if its client has no chance', async () => {
    const target = await startTarget()
    const body = freshBody()
    for (const field of ['X-A: b', `X-Inngest-Signature: ${target.sign(body, 301)}`]) {
      const fields = [`Content-Length: ${String(body.length)}`, 'Connection: close', field]
      expect(statusOf(await target.raw(callBytes(body, fields)))).toBe(401)
    }
    expect(parsed).not.toHaveBeenCalled()
  })

  it('is parsed once, and no deeper than any honest one, where it does not fit as it came', async () => {
    const target = await startTarget()
    const body = '['.repeat(60_000)
    const length = `Content-Length: ${String(body.length)}`
    const signature = `X-Inngest-Signature: ${target.sign('x')}`
    const answer = await target.raw(callBytes(body, [length, signature, 'Connection: close']))
    expect(statusOf(answer)).toBe(401)
    expect(target.reasons()).toEqual(['signature_mismatch'])
    expect(parsed).toHaveBeenCalledTimes(1)
  })
})
