/**
 * A function call and one way for it to fail each check, with the real order of `admit` and effects that record
 * their calls.
 */
import { admit } from '../../gateway/admit/admit.ts'
import { Body } from '../../gateway/inngest/body.ts'
import { AddressRanges, parseRange } from '../../gateway/ip/address-ranges.ts'
import type { FunctionPair } from '../../gateway/admit/checks/function-id.ts'
import { sectionToCode } from '../../gateway/config/schema/code-names.ts'
import { configSchema } from '../../gateway/config/schema/config.ts'
import { Facts } from '../../gateway/admit/facts.ts'
import { canonicalizeJson } from '../../gateway/inngest/jcs/canonical-json.ts'
import { payloadRules } from '../../gateway/inngest/payload-encryption.ts'
import { SigningKey } from '../../gateway/inngest/signing-key.ts'
import type { Effects, ExternalDelivery } from '../../gateway/admit/context.ts'
import type { CheckMode, Policy } from '../../gateway/admit/policy.ts'
import type { Reason } from '../../gateway/admit/reasons.ts'
import { pass, refuse } from '../../gateway/admit/verdict.ts'
import { headOf } from './head.ts'
import { signatureHeader } from './sender.ts'

export const nowSeconds = 1_700_000_000
const body =
  '{"ctx":{"fn_id":"id","request_id":"a","run_id":"run"},"event":{"data":{"encrypted":"in plain"}}}'

export interface Scene {
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
  /** Headers that an external proxy would not remove; undefined if the gateway forwards the request. */
  fieldsLeft: string[] | undefined
  /** The mode of the signature check. */
  mode: CheckMode
  requiresEncryption: boolean
}

export interface Flaw {
  readonly reason: Reason
  readonly spoil: (scene: Scene) => void
}

/** One way to fail each check, in the order of the checks. */
export const flaws: readonly Flaw[] = [
  {
    reason: 'headers_too_many',
    spoil: (s) => (s.headers['x'] = Array.from({ length: 21 }, () => '')),
  },
  {
    reason: 'framing_ambiguous',
    spoil: (s) => (s.headers['transfer-encoding'] = ['gzip', 'chunked']),
  },
  { reason: 'header_duplicated', spoil: (s) => (s.headers['x-run-id'] = ['a', 'b']) },
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
    reason: 'canonicalization_full',
    spoil: (s) => ((s.body = ` ${s.body}`), (s.hasCanonicalRoom = false)),
  },
  { reason: 'signature_mismatch', spoil: (s) => (s.body += ' x') },
  { reason: 'target_ambiguous', spoil: (s) => (s.target += '&fnId=g') },
  {
    reason: 'app_not_served',
    spoil: (s) => (s.target = s.target.replace('fnId=f', 'fnId=shop-f')),
  },
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
  { reason: 'payload_not_encrypted', spoil: (s) => (s.requiresEncryption = true) },
  {
    reason: 'timestamp_too_old',
    spoil: (s) => (s.nowsSeconds[s.nowsSeconds.length - 1] = nowSeconds + 301),
  },
  { reason: 'replayed', spoil: (s) => (s.claim = 'duplicate') },
]

const rules = payloadRules({ eventField: 'encrypted', strategies: [], plainSteps: [] })

function policy({ pair, mode: signature, requiresEncryption }: Scene): Policy {
  const functionId: CheckMode = pair ? 'enforce' : 'report'
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
        resign: undefined,
        serveOrigin: { protocol: 'https', host: 'h' },
        checks: { ...configSchema.shape.checks.parse(undefined), functionId, signature },
        apps: { served: new Set(['f']), known: { ids: new Map([['f', 'f']]), longest: 1 } },
        pairScope: 'app',
        introspection: true,
        syncAuthorities: new Set(),
        isServerLegacy: false,
        encryption: requiresEncryption ? { mode: 'enforce', rules } : undefined,
        unsigned: { GET: nobody, PUT: nobody },
        limits: undefined,
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

/** The decision, and the effects that were called for it. */
export async function decide(...spoil: ((scene: Scene) => void)[]) {
  const { reason, touched } = await decideAndRecord(...spoil)
  return { reason, touched }
}

/** The same, with the recorded facts. */
export async function decideAndRecord(...spoil: ((scene: Scene) => void)[]) {
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
    fieldsLeft: undefined,
    mode: 'enforce',
    requiresEncryption: false,
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
    canonicalize: (bytes, mayRound) => {
      touched.push(mayRound ? 'canonical' : 'exact canonical')
      return Promise.resolve(
        scene.hasCanonicalRoom ? pass(canonicalizeJson(bytes)) : refuse('canonicalization_full'),
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
  const { fieldsLeft } = scene
  const external: ExternalDelivery = { fieldsLeft: () => fieldsLeft ?? [] }
  const facts = new Facts()
  const verdict = await admit({
    head,
    policy: policy(scene),
    delivery: fieldsLeft === undefined ? 'inline' : external,
    effects,
    facts,
  })
  const { reportOnly, bodyBytes } = facts
  return { reason: verdict.ok ? 'admitted' : verdict.reason, touched, reportOnly, bodyBytes }
}
