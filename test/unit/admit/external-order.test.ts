/** The order of the checks if the proxy that asked for authorization forwards the request. */
import { describe, expect, it } from 'vitest'

import type { Reason } from '../../../gateway/admit/reasons.ts'
import { decide, decideAndRecord, flaws, type Flaw, type Scene } from '../../support/admit-scene.ts'

/** Only if another proxy forwards the request: before the place, and behind the body. */
const unchanged: readonly Flaw[] = [
  { reason: 'host_not_served', spoil: (s) => (s.headers['host'] = ['evil']) },
  { reason: 'header_not_removable', spoil: (s) => (s.fieldsLeft = ['forwarded']) },
]
const bodyMissing: Flaw = { reason: 'body_missing', spoil: (s) => (s.body = '') }

function flawsOfExternal(): Flaw[] {
  const at = (reason: Reason) => flaws.findIndex((flaw) => flaw.reason === reason)
  return [
    ...flaws.slice(0, at('requests_full')),
    ...unchanged,
    ...flaws.slice(at('requests_full'), at('canonicalization_full')),
    bodyMissing,
    // A call without a body is refused already.
    ...flaws
      .slice(at('canonicalization_full'))
      .filter(({ reason }) => reason !== 'call_body_missing'),
  ]
}

describe('admit, if another proxy forwards the request', () => {
  const external = (scene: Scene) => (scene.fieldsLeft ??= [])
  const all = flawsOfExternal()
  const pairs = all.flatMap((first, i) => all.slice(i).map((second) => ({ first, second })))

  it('admits a request without a flaw', async () => {
    expect(await decide(external)).toEqual({
      reason: 'admitted',
      touched: ['place', 'body', 'claim', 'lesson'],
    })
  })

  it.each(pairs)('refuses for $first.reason before $second.reason', async ({ first, second }) => {
    expect((await decide(second.spoil, first.spoil, external)).reason).toBe(first.reason)
  })

  it.each(unchanged)('holds no place and reads no body on $reason', async ({ spoil }) => {
    expect((await decide(spoil, external)).touched).toEqual([])
  })

  it('claims nothing on body_missing, and records no length of a body', async () => {
    expect(await decideAndRecord(bodyMissing.spoil, external)).toEqual({
      reason: 'body_missing',
      touched: ['place', 'body'],
      reportOnly: undefined,
      bodyBytes: undefined,
    })
  })

  it('notes body_missing only, where the signature is not enforced', async () => {
    const report = (s: Scene) => (s.mode = 'report')
    expect(await decideAndRecord(bodyMissing.spoil, external, report)).toMatchObject({
      reason: 'admitted',
      reportOnly: ['body_missing', 'signature_mismatch'],
    })
    const off = (s: Scene) => (s.mode = 'off')
    expect(await decideAndRecord(bodyMissing.spoil, external, off)).toMatchObject({
      reason: 'admitted',
      reportOnly: undefined,
    })
  })

  it.each(['report', 'off'] as const)(
    'refuses what the proxy cannot deliver, signature checks in mode %s',
    async (mode) => {
      for (const { reason, spoil } of unchanged) {
        const decided = await decide(spoil, external, (s) => (s.mode = mode))
        expect(decided).toMatchObject({ reason, touched: [] })
      }
    },
  )

  it('names the missing body of a sync and of a trust probe whose signature does not match', async () => {
    const sync = (s: Scene) => (s.method = 'PUT')
    expect((await decide(sync, bodyMissing.spoil, external)).reason).toBe('body_missing')
    const probe = (s: Scene) => (s.target = '/api/inngest?probe=trust')
    expect((await decide(probe, bodyMissing.spoil, external)).reason).toBe('body_missing')
    const introspection = (s: Scene) => (s.method = 'GET')
    expect((await decide(introspection, bodyMissing.spoil, external)).reason).toBe(
      'introspection_mismatch',
    )
  })

  it('lets no number be rounded in the body that the app gets as received', async () => {
    const spaced = (s: Scene) => (s.body = ` ${s.body}`)
    expect((await decide(spaced, external)).touched).toContain('exact canonical')
    expect((await decide(spaced)).touched).toContain('canonical')
  })

  it('checks none of it if the gateway forwards the request', async () => {
    const [host] = unchanged
    expect((await decide((s) => host?.spoil(s))).reason).toBe('admitted')
    expect((await decide(bodyMissing.spoil)).reason).toBe('signature_mismatch')
  })
})
