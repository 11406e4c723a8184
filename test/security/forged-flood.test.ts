/**
 * Filling the replay cache (threats C2, D12): if a signature were claimed before it is verified,
 * anybody could fill the cache and have honest calls refused, or a captured call forgotten:
 *
 *   X-Inngest-Signature: t=<now>&s=<64 random hex digits>\r\n        (ten thousand times)
 */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const FORGED = 10_000
/** As many as may be sent without waiting for an answer. */
const PER_CONNECTION = 16

describe('ten thousand forged requests', () => {
  it('leave the replay cache empty and reach no app', async () => {
    const target = await startTarget()
    const now = String(Math.floor(target.gateway.clock.wallMs / 1000))
    const forged = () => {
      const signature = `X-Inngest-Signature: t=${now}&s=${randomBytes(32).toString('hex')}`
      return callBytes('{"a":1}', ['Content-Length: 7', signature])
    }
    for (let sent = 0; sent < FORGED; sent += PER_CONNECTION) {
      const last = forged().replace('Content-Length', 'Connection: close\r\nContent-Length')
      const batch = Array.from({ length: PER_CONNECTION - 1 }, forged)
      const answer = await target.raw([...batch, last].join(''))
      expect(answer.match(/HTTP\/1\.1 401/g)).toHaveLength(PER_CONNECTION)
    }
    const metrics = await target.metrics()
    expect(metrics).toContain('inngest_gateway_replay_cache_entries 0')
    expect(metrics).toMatch(/reason="signature_mismatch",code="401"} 10000/)
    expect(metrics).not.toContain('inngest_gateway_replay_claims_total{')
    expect(target.upstream.bytes()).toBe('')
    expect(statusOf(await target.raw(signedCall(target)))).toBe(200)
    expect(await target.metrics()).toContain('inngest_gateway_replay_cache_entries 1')
  }, 60_000)
})
