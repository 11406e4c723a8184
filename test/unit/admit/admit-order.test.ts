/** For every pair of checks, a request that fails both is refused for the earlier one. */
import { describe, expect, it } from 'vitest'

import { admit } from '../../../gateway/admit/admit.ts'
import { Body } from '../../../gateway/inngest/body.ts'
import { AddressRanges, parseRange } from '../../../gateway/ip/address-ranges.ts'
import type { FunctionPair } from '../../../gateway/admit/checks/function-id.ts'
import { sectionToCode } from '../../../gateway/config/schema/code-names.ts'
import { configSchema } from '../../../gateway/config/schema/config.ts'
import { Findings } from '../../../gateway/admit/facts.ts'
import { canonicalizeJson } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { SigningKey } from '../../../gateway/inngest/signing-key.ts'
import type { Effects } from '../../../gateway/admit/context.ts'
import type { CheckMode, Policy } from '../../../gateway/admit/policy.ts'
import type { Reason } from '../../../gateway/admit/reasons.ts'
import { pass, refuse } from '../../../gateway/admit/verdict.ts'
import { headOf } from '../../support/head.ts'
import { signatureHeader } from '../../support/sender.ts'

const nowSeconds = 1_700_000_000
const body = '{"ctx":{"fn_id":"id","request_id":"a","run_id":"run"}}'

interface Scene {
  target: string
  method: string
  headers: Record<string, string[]>
  remoteAddress: string
  httpVersion: string
  hasRoom: boolean
  body: string
  bodyRefusal: Reason | undefined
  hasCanonicalRoom: boolean
  nowsSeconds: number[]
  claim: 'claimed' | 'duplicate'
  pair: FunctionPair | undefined
}

/** One way to fail each check, in the order of the checks. */
const flaws: { reason: Reason; spoil: (scene: Scene) => void }[] = [
  {
    reason: 'headers_too_many',
    spoil: (s) => (s.headers['x'] = Array.from({ length: 21 }, () => '')),
  },
  { reason: 'framing_unclear', spoil: (s) => (s.httpVersion = '2.0') },
  { reason: 'field_duplicated', spoil: (s) => (s.headers['x-run-id'] = ['a', 'b']) },
  { reason: 'expectation_unknown', spoil: (s) => (s.headers['expect'] = ['more']) },
  { reason: 'request_malformed', spoil: (s) => (s.headers['host'] = ['a', 'b']) },
  { reason: 'route_not_found', spoil: (s) => (s.target = '/other?fnId=f') },
  { reason: 'method_not_allowed', spoil: (s) => (s.method = 'PATCH') },
  {
    reason: 'content_encoding_not_allowed',
    spoil: (s) => (s.headers['content-encoding'] = ['gzip']),
  },
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
  { reason: 'requests_full', spoil: (s) => (s.hasRoom = false) },
  { reason: 'body_too_large', spoil: (s) => (s.bodyRefusal = 'body_too_large') },
  {
    reason: 'canonical_full',
    spoil: (s) => ((s.body = ` ${s.body}`), (s.hasCanonicalRoom = false)),
  },
  { reason: 'signature_mismatch', spoil: (s) => (s.body += ' x') },
  { reason: 'target_ambiguous', spoil: (s) => (s.target += '&fnId=g') },
  {
    reason: 'call_body_missing',
    spoil: (s) => {
      s.body = ''
      s.headers['x-inngest-signature'] = [signatureHeader('abc', '', nowSeconds)]
    },
  },
  {
    reason: 'run_id_mismatch',
    spoil: (s) => (s.headers['x-run-id'] ??= ['other']),
  },
  {
    reason: 'function_id_mismatch',
    spoil: (s) => (s.pair = { fnId: 'other', isKnown: true }),
  },
  {
    reason: 'timestamp_too_old',
    spoil: (s) => (s.nowsSeconds[s.nowsSeconds.length - 1] = nowSeconds + 301),
  },
  { reason: 'replayed', spoil: (s) => (s.claim = 'duplicate') },
]

function policy(functionId: CheckMode): Policy {
  const key = SigningKey.parse('env:TEST', 'abc')
  const range = (text: string) => {
    const reading = parseRange(text)
    return AddressRanges.compile(reading.ok ? [reading.range] : [])
  }
  const upstream = { origin: 'http://127.0.0.1:1', socketPath: undefined, tls: {} }
  const nobody = AddressRanges.compile([])
  return {
    routes: [
      {
        kind: 'inngest',
        name: 'app',
        host: undefined,
        path: '/api/inngest',
        upstream,
        signingKeys: key ? [key] : [],
        otherKeys: [],
        serveOrigin: undefined,
        checks: { ...configSchema.shape.checks.parse(undefined), functionId },
        introspection: true,
        syncAuthorities: new Set(),
        isServerLegacy: false,
        unsigned: { GET: nobody, PUT: nobody },
      },
    ],
    allowlist: range('192.0.2.0/24'),
    trustedProxies: range('10.0.0.0/8'),
    speaksProxyProtocol: false,
    freshness: { maxAgeSeconds: 300, clockToleranceSeconds: 300 },
    limits: {
      ...sectionToCode('limits', configSchema.shape.limits.parse(undefined)),
      maxHeaderCount: 20,
    },
  }
}

async function decide(...spoil: ((scene: Scene) => void)[]) {
  const scene: Scene = {
    target: '/api/inngest?fnId=f',
    method: 'POST',
    headers: { host: ['h'], 'x-inngest-signature': [signatureHeader('abc', body, nowSeconds)] },
    remoteAddress: '192.0.2.1',
    httpVersion: '1.1',
    hasRoom: true,
    body,
    bodyRefusal: undefined,
    hasCanonicalRoom: true,
    nowsSeconds: [nowSeconds, nowSeconds],
    claim: 'claimed',
    pair: undefined,
  }
  for (const change of spoil) change(scene)
  const touched: string[] = []
  let readings = 0
  const effects: Effects = {
    nowMs: () => (scene.nowsSeconds[Math.min(readings++, 1)] ?? 0) * 1000,
    enter: () => {
      if (scene.hasRoom) touched.push('place')
      return scene.hasRoom ? pass(undefined) : refuse('requests_full')
    },
    readBody: () => {
      touched.push('body')
      return Promise.resolve(
        scene.bodyRefusal ? refuse(scene.bodyRefusal) : pass(Body.of(Buffer.from(scene.body))),
      )
    },
    canonicalize: (bytes) => {
      touched.push('canonical')
      return Promise.resolve(
        scene.hasCanonicalRoom ? pass(canonicalizeJson(bytes)) : refuse('canonical_full'),
      )
    },
    canonicalizeToRead: (bytes) => Promise.resolve(pass(canonicalizeJson(bytes))),
    claim: () => {
      touched.push('claim')
      return Promise.resolve(scene.claim)
    },
    pairs: {
      recall: () => scene.pair,
      find: () => Promise.resolve(scene.pair),
      learn: () => {
        touched.push('lesson')
        return Promise.resolve()
      },
    },
  }
  const rawHeaders = Object.entries(scene.headers).flatMap(([name, values]) =>
    values.flatMap((value) => [name, value]),
  )
  const { method, target, remoteAddress, httpVersion } = scene
  const connection = { remoteAddress, isEncrypted: false, proxied: undefined }
  const head = headOf({ method, target, httpVersion, connection, rawHeaders })
  const verdict = await admit({
    head,
    policy: policy(scene.pair ? 'enforce' : 'report'),
    effects,
    findings: new Findings(),
  })
  return { reason: verdict.ok ? 'admitted' : verdict.reason, touched }
}

describe('admit', () => {
  it('admits a request without a flaw', async () => {
    expect(await decide()).toEqual({
      reason: 'admitted',
      touched: ['place', 'body', 'claim', 'lesson'],
    })
  })

  const pairs = flaws.flatMap((first, i) => flaws.slice(i).map((second) => ({ first, second })))
  it.each(pairs)('refuses for $first.reason before $second.reason', async ({ first, second }) => {
    // The later flaw goes in first, so that it cannot undo the earlier one.
    expect((await decide(second.spoil, first.spoil)).reason).toBe(first.reason)
  })

  it.each(flaws.slice(0, 13))('reads nothing of the body on $reason', async ({ spoil }) => {
    expect((await decide(spoil)).touched).toEqual([])
  })

  it.each(flaws.slice(13))('claims nothing on a later $reason', async ({ reason, spoil }) => {
    const { touched } = await decide(spoil)
    expect(touched.includes('claim')).toBe(reason === 'replayed')
    expect(touched.slice(0, 2)).toEqual(['place', 'body'])
  })

  it.each(flaws.slice(13))('learns nothing on $reason', async ({ spoil }) => {
    expect((await decide(spoil)).touched).not.toContain('lesson')
  })

  it('asks for the canonical form only of a body that is not signed as it came', async () => {
    const asked = async (...spoil: ((scene: Scene) => void)[]) =>
      (await decide(...spoil)).touched.filter((step) => step === 'canonical').length
    expect(await asked((s) => (s.body = ` ${s.body}`))).toBe(1)
    expect(await asked((s) => (s.body += ' x'))).toBe(1)
    expect(await asked()).toBe(0)
  })

  it('reads the clock for freshness when the canonical form is there, not before', async () => {
    const late = (s: Scene) => (s.nowsSeconds[1] = nowSeconds + 301)
    const verdict = await decide(late, (s) => (s.body = ` ${s.body}`))
    expect(verdict).toEqual({
      reason: 'timestamp_too_old',
      touched: ['place', 'body', 'canonical'],
    })
  })
})
