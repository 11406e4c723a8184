/**
 * THE ORDER of the checks, as straight-line code. Everything before the body is read looks at the
 * head only. Only what passes all of it becomes an `AdmittedRequest`, and only that can be forwarded.
 */
import type { Address } from './checks/address.ts'
import { checkAllowlist } from './checks/allowlist.ts'
import { resolveClientAddress, type ClientAddress } from './checks/client-address.ts'
import { checkCredentials } from './checks/credentials.ts'
import { checkFreshness } from './checks/freshness.ts'
import { fieldValues, type RequestHead } from './checks/request-head.ts'
import { checkRoute } from './checks/route.ts'
import { verifySignature, type VerifiedSignature } from './checks/signature.ts'
import { claimKey, type ClaimSubject } from './inngest/claim-key.ts'
import type { Policy, RoutePolicy } from './policy.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

/** The three steps that touch the world. */
export interface Effects {
  /** Unix milliseconds. */
  readonly nowMs: () => number
  readonly readBody: (route: RoutePolicy) => Promise<Verdict<Uint8Array>>
  /** Spends a key, atomically. Throws a fault if the store cannot be asked. */
  readonly claim: (claim: ReplayClaim, nowMs: number) => Promise<ReplayOutcome>
}

export interface ReplayClaim {
  readonly key: Uint8Array
  readonly timestampSeconds: number
  readonly expiresAtSeconds: number
}

export type ReplayOutcome = 'claimed' | 'duplicate' | 'full' | 'before_start'

/** What became known of a request on its way, for the record; filled in as far as it came. */
export interface Findings {
  route?: RoutePolicy
  client?: ClientAddress
  /** Seconds, negative if the signature is ahead of this clock. */
  signatureAgeSeconds?: number
  bodyBytes?: number
  signature?: VerifiedSignature
  claim?: ReplayOutcome
}

const admitted: unique symbol = Symbol('admitted')

export interface AdmittedRequest {
  readonly head: RequestHead
  readonly route: RoutePolicy
  /** `Host` as sent. */
  readonly host: string
  readonly clientAddress: Address
  /** The peer is a configured proxy, so what it says of the client's scheme is believed. */
  readonly viaTrustedProxy: boolean
  /** Exactly the bytes that the signature covers. */
  readonly body: Uint8Array
  readonly [admitted]: true
}

export async function admit(
  head: RequestHead,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<AdmittedRequest>> {
  const target = checkRoute(head, policy.routes)
  if (!target.ok) return target
  const { route, host, path, query } = target.value
  findings.route = route

  const forwardedFor = fieldValues(head.rawHeaders, 'x-forwarded-for')
  const client = resolveClientAddress(head.remoteAddress, forwardedFor, policy.trustedProxies)
  if (!client.ok) return client
  findings.client = client.value

  const allowed = checkAllowlist(client.value.address, policy.allowlist)
  if (!allowed.ok) return allowed

  const credentials = checkCredentials(head.rawHeaders)
  if (!credentials.ok) return credentials
  const { timestampSeconds } = credentials.value

  const headMs = effects.nowMs()
  findings.signatureAgeSeconds = Math.floor(headMs / 1000) - timestampSeconds
  const early = checkFreshness(timestampSeconds, policy.freshness, headMs)
  if (!early.ok) return early

  const body = await effects.readBody(route)
  if (!body.ok) return body
  findings.bodyBytes = body.value.byteLength

  const signature = verifySignature(body.value, credentials.value, route.signingKeys)
  if (!signature.ok) return signature
  findings.signature = signature.value
  const { mac, signedBody } = signature.value

  // One reading of the clock for freshness and claim: a request whose body came slowly could
  // otherwise outlive its own claim, and its twin be admitted too.
  const nowMs = effects.nowMs()
  const fresh = checkFreshness(timestampSeconds, policy.freshness, nowMs)
  if (!fresh.ok) return fresh
  findings.signatureAgeSeconds = fresh.value

  const subject = { method: head.method, host, path, query, mac, signedBody }
  const claimed = await claimOnce(subject, timestampSeconds, nowMs, policy, effects, findings)
  if (!claimed.ok) return claimed

  return pass({
    head,
    route,
    host,
    clientAddress: client.value.address,
    viaTrustedProxy: client.value.source !== 'peer',
    body: signedBody,
    [admitted]: true,
  })
}

/** Spends the request's key, if its kind is claimed at all. */
async function claimOnce(
  subject: ClaimSubject,
  timestampSeconds: number,
  nowMs: number,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<undefined>> {
  const key = claimKey(subject, policy.replay.strict)
  if (!key.ok) return key
  if (key.value === undefined) return pass(undefined)
  const { maxAgeSeconds, clockToleranceSeconds } = policy.freshness
  const expiresAtSeconds = timestampSeconds + maxAgeSeconds + clockToleranceSeconds
  findings.claim = await effects.claim(
    { key: key.value, timestampSeconds, expiresAtSeconds },
    nowMs,
  )
  return findings.claim === 'claimed' ? pass(undefined) : refuse(claimRefusals[findings.claim])
}

const claimRefusals = {
  duplicate: 'replayed',
  full: 'replay_cache_full',
  before_start: 'timestamp_before_start',
} as const
