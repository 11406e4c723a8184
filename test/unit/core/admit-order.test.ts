/** For every pair of checks, a request that fails both is refused for the earlier one. */
import { describe, expect, it } from 'vitest'

import { admit, type Effects } from '../../../gateway/admit.ts'
import { AddressRanges, parseRange } from '../../../gateway/checks/address-ranges.ts'
import { SigningKey } from '../../../gateway/inngest/signing-key.ts'
import type { Policy } from '../../../gateway/policy.ts'
import { pass, refuse, type Reason } from '../../../gateway/verdict.ts'
import { signatureHeader } from '../../support/sender.ts'

const nowSeconds = 1_700_000_000
const body = '{"ctx":{"request_id":"a"}}'

interface Scene {
  target: string
  method: string
  headers: Record<string, string[]>
  remoteAddress: string
  body: string
  bodyRefusal: Reason | undefined
  nowsSeconds: number[]
  claim: 'claimed' | 'duplicate'
}

/** One way to fail each check, in the order of the checks. */
const flaws: { reason: Reason; spoil: (scene: Scene) => void }[] = [
  { reason: 'request_malformed', spoil: (s) => (s.headers['host'] = ['a', 'b']) },
  { reason: 'route_not_found', spoil: (s) => (s.target = '/other?fnId=f') },
  { reason: 'method_not_allowed', spoil: (s) => (s.method = 'PATCH') },
  {
    reason: 'client_unidentified',
    spoil: (s) => ((s.remoteAddress = '10.0.0.1'), (s.headers['x-forwarded-for'] = ['junk'])),
  },
  {
    reason: 'client_not_allowed',
    spoil: (s) => (s.remoteAddress = s.remoteAddress === '10.0.0.1' ? '10.0.0.1' : '198.51.100.7'),
  },
  { reason: 'signature_missing', spoil: (s) => delete s.headers['x-inngest-signature'] },
  { reason: 'timestamp_too_old', spoil: (s) => s.nowsSeconds.fill(nowSeconds + 301) },
  { reason: 'body_too_large', spoil: (s) => (s.bodyRefusal = 'body_too_large') },
  { reason: 'signature_mismatch', spoil: (s) => (s.body += ' x') },
  {
    reason: 'timestamp_too_old',
    spoil: (s) => (s.nowsSeconds[s.nowsSeconds.length - 1] = nowSeconds + 301),
  },
  { reason: 'target_ambiguous', spoil: (s) => (s.target += '&fnId=g') },
  { reason: 'replayed', spoil: (s) => (s.claim = 'duplicate') },
]

function policy(): Policy {
  const key = SigningKey.parse('env:TEST', 'abc')
  const range = (text: string) => {
    const reading = parseRange(text)
    return AddressRanges.compile(reading.ok ? [reading.range] : [])
  }
  const upstream = { origin: 'http://127.0.0.1:1', socketPath: undefined }
  return {
    routes: [
      {
        name: 'app',
        host: undefined,
        path: '/api/inngest',
        upstream,
        signingKeys: key ? [key] : [],
        serveOrigin: undefined,
      },
    ],
    allowlist: range('192.0.2.0/24'),
    trustedProxies: range('10.0.0.0/8'),
    freshness: { maxAgeSeconds: 300, clockToleranceSeconds: 300 },
    replay: { strict: false },
    limits: { maxBodyBytes: 1000, bodyTimeoutMs: 1000 },
  }
}

async function decide(...spoil: ((scene: Scene) => void)[]) {
  const scene: Scene = {
    target: '/api/inngest?fnId=f',
    method: 'POST',
    headers: { host: ['h'], 'x-inngest-signature': [signatureHeader('abc', body, nowSeconds)] },
    remoteAddress: '192.0.2.1',
    body,
    bodyRefusal: undefined,
    nowsSeconds: [nowSeconds, nowSeconds],
    claim: 'claimed',
  }
  for (const change of spoil) change(scene)
  const touched: string[] = []
  let readings = 0
  const effects: Effects = {
    nowMs: () => (scene.nowsSeconds[Math.min(readings++, 1)] ?? 0) * 1000,
    readBody: () => {
      touched.push('body')
      return Promise.resolve(
        scene.bodyRefusal ? refuse(scene.bodyRefusal) : pass(Buffer.from(scene.body)),
      )
    },
    claim: () => {
      touched.push('claim')
      return Promise.resolve(scene.claim)
    },
  }
  const rawHeaders = Object.entries(scene.headers).flatMap(([name, values]) =>
    values.flatMap((value) => [name, value]),
  )
  const { method, target, remoteAddress } = scene
  const verdict = await admit({ method, target, remoteAddress, rawHeaders }, policy(), effects, {})
  return { reason: verdict.ok ? 'admitted' : verdict.reason, touched }
}

describe('admit', () => {
  it('admits a request without a flaw', async () => {
    expect(await decide()).toEqual({ reason: 'admitted', touched: ['body', 'claim'] })
  })

  const pairs = flaws.flatMap((first, i) => flaws.slice(i).map((second) => ({ first, second })))
  it.each(pairs)('refuses for $first.reason before $second.reason', async ({ first, second }) => {
    // The later flaw goes in first, so that it cannot undo the earlier one.
    expect((await decide(second.spoil, first.spoil)).reason).toBe(first.reason)
  })

  it.each(flaws.slice(0, 7))('reads nothing of the body on $reason', async ({ spoil }) => {
    expect((await decide(spoil)).touched).toEqual([])
  })

  it.each(flaws.slice(7, 11))('claims nothing on a later $reason', async ({ spoil }) => {
    expect((await decide(spoil)).touched).toEqual(['body'])
  })
})
