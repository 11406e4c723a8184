/**
 * Occupying the app (threat D14): requests that hold a place while they are read or answered, until
 * there is none left; refused ones must never have held one:
 *
 *   Content-Length: 100\r\nX-Inngest-Signature: t=<now>&s=…\r\n\r\n        (and no body; many times)
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'

describe('requests in flight', () => {
  it('are refused with Retry-After beyond the limit, and admitted again when there is room', async () => {
    const target = await startTarget({ limits: { maxRequestsInFlight: 3 } })
    const slow = callBytes('', ['Content-Length: 100', `X-Inngest-Signature: ${target.sign('x')}`])
    const held = await Promise.all([1, 2, 3].map(() => open(target.gateway.port)))
    for (const socket of held) socket.write(slow)
    await expect.poll(() => target.metrics()).toContain('inngest_gateway_requests_in_flight 3')
    // Nothing that fails by its head takes a place, and nothing that does is refused for lack of one.
    const unsigned = callBytes('', ['Content-Length: 0', 'Connection: close'])
    expect(statusOf(await target.raw(unsigned))).toBe(401)
    const answer = await target.raw(signedCall(target))
    expect(statusOf(answer)).toBe(503)
    expect(answer).toMatch(/retry-after: \d/i)
    expect(target.reasons()).toEqual(['signature_missing', 'requests_full'])
    expect(await target.metrics()).toContain('inngest_gateway_replay_cache_entries 0')
    held[0]?.destroy()
    await expect.poll(() => target.metrics()).toContain('inngest_gateway_requests_in_flight 2')
    expect(statusOf(await target.raw(signedCall(target)))).toBe(200)
    for (const socket of held) socket.destroy()
  })

  it('leave slots for verified ones if they are unverified', async () => {
    const target = await startTarget((upstream) => ({
      limits: { maxRequestsInFlight: 3 },
      routes: [
        { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
        { name: 'app', policy: 'passthrough', upstream },
      ],
    }))
    const slow = callBytes('', ['Content-Length: 100'], 'POST /upload HTTP/1.1')
    const held = await Promise.all([1, 2, 3].map(() => open(target.gateway.port)))
    for (const socket of held) socket.write(slow)
    await expect.poll(() => target.reasons()).toEqual(['requests_full'])
    expect(statusOf(await target.raw(signedCall(target)))).toBe(200)
    for (const socket of held) socket.destroy()
  })
})
