/** The last step before a request is admitted: claims its signature. */
import type { Body } from '../inngest/body.ts'
import { isTrustProbe, type CallParameters } from '../inngest/call-parameters.ts'
import { isShortProbe, probeKey, stepKey } from '../inngest/claim-key.ts'
import { carriesDispatchId, lacksDispatchId } from '../inngest/dispatch-id.ts'
import { targetName } from '../inngest/redirect-target.ts'
import type { NewSignature } from './checks/resign.ts'
import type { Admission } from './context.ts'
import type { ReplayClaim } from './facts.ts'
import type { InngestRoutePolicy } from './policy.ts'
import { pass, refuse, type Eventual, type Verdict } from './verdict.ts'

/** A request whose signature was verified. */
export interface SignedRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  /** Raw query without `?`; empty if there is none. */
  readonly query: string
  readonly parameters: CallParameters
  /** The MAC that this gateway computed, never the header's text. */
  readonly mac: Uint8Array
  /** What the app gets, if it is another one. */
  readonly newSignature: Pick<NewSignature, 'mac'> | undefined
  /** The bytes that the MAC covers. */
  readonly signedBody: Body
}

/** Claims the signature, if this kind of request is claimed. */
export async function claimSignature(
  admission: Admission,
  route: InngestRoutePolicy,
  request: SignedRequest,
  timestampSeconds: number,
  nowMs: number,
): Promise<Verdict<undefined>> {
  const found = keyFor(admission, route, request)
  const key = found instanceof Promise ? await found : found
  if (!key.ok) return key
  if (key.value === undefined) return pass(undefined)
  const name = () => targetName(request)
  const keys = claimKeys(key.value, request)
  const claimed = await claimKey(admission, keys, name, timestampSeconds, nowMs)
  const { facts } = admission
  if (facts.claim === 'duplicate' && request.method === 'POST') {
    facts.replayedBody = request.signedBody
  }
  return claimed
}

/** Claims each key. @param target names the call target, for a key that a redirect made usable again. */
export async function claimKey(
  { policy, effects, facts }: Admission,
  { first, forwarded }: ClaimKeys,
  target: () => string,
  timestampSeconds: number,
  nowMs: number,
): Promise<Verdict<undefined>> {
  const { maxAgeSeconds, clockToleranceSeconds } = policy.freshness
  const expiresAtSeconds = timestampSeconds + maxAgeSeconds + clockToleranceSeconds
  // If freshness is not enforced, the store may have forgotten a first use.
  if (Math.floor(nowMs / 1000) > expiresAtSeconds) return refuse('replay_undecidable')
  const times = { timestampSeconds, expiresAtSeconds }
  const claim = { key: first.key, shared: first.shared, ...times }
  const outcome = await effects.claim(claim, target, nowMs)
  facts.claim = outcome
  if (outcome !== 'claimed' && outcome !== 'followed') return refuse(claimRefusals[outcome])
  facts.claimed = claim
  if (forwarded === undefined || outcome === 'followed') return pass(undefined)
  // It stays claimed if the first one is given back, and is then a duplicate when that comes again.
  const also = await effects.claim({ ...forwarded, ...times }, target, nowMs)
  const isSpent = also === 'claimed' || also === 'followed' || also === 'duplicate'
  return isSpent ? pass(undefined) : refuse(claimRefusals[also])
}

const claimRefusals = {
  duplicate: 'replayed',
  other_kind: 'claim_kind_mismatch',
  too_many: 'claims_too_many',
  full: 'replay_cache_full',
  before_start: 'timestamp_before_start',
} as const

export type ClaimKey = Pick<ReplayClaim, 'key' | 'shared'>

/** Of a MAC; what else is in the key is the same for each MAC of a request. */
type KeyOf = (mac: Uint8Array) => ClaimKey

interface ClaimKeys {
  /** Of the signature that the request came with. */
  readonly first: ClaimKey
  /** Of the one that the app gets instead. */
  readonly forwarded: ClaimKey | undefined
}

export function claimKeys(
  keyOf: KeyOf,
  { mac, newSignature }: Pick<SignedRequest, 'mac' | 'newSignature'>,
): ClaimKeys {
  return { first: keyOf(mac), forwarded: newSignature && keyOf(newSignature.mac) }
}

function alone(key: Uint8Array): ClaimKey {
  return { key, shared: undefined }
}

/**
 * @returns undefined for a request that is not claimed: a GET changes nothing, and two GETs with the same
 * signature in one second are normal.
 */
function keyFor(
  admission: Admission,
  route: InngestRoutePolicy,
  request: SignedRequest,
): Eventual<KeyOf | undefined> {
  if (request.method === 'GET') return pass(undefined)
  // checkSignedUse has refused a sync whose body is that of a call with another kind of claim.
  if (request.method === 'PUT') return pass(alone)
  if (route.isServerLegacy) return legacyKeyFor(admission, route, request)
  return pass(newerKeyFor(route, request))
}

/** The signed body takes precedence over the unsigned query: a call is never a probe. */
async function legacyKeyFor(
  admission: Admission,
  route: InngestRoutePolicy,
  request: SignedRequest,
): Promise<Verdict<KeyOf>> {
  const isOfLegacy = await isCallOfLegacyServer(admission, route, request.signedBody)
  if (!isOfLegacy.ok) return isOfLegacy
  const { parameters } = request
  const ofStep: KeyOf = (mac) => alone(stepKey(mac, parameters))
  return pass(isOfLegacy.value ? ofStep : newerKeyFor(route, request))
}

function newerKeyFor(
  route: InngestRoutePolicy,
  { method, parameters, signedBody }: SignedRequest,
): KeyOf {
  const isProbe =
    isTrustProbe(method, parameters) &&
    isShortProbe(signedBody.byteLength) &&
    !carriesDispatchId(signedBody)
  if (!isProbe) return alone
  return (mac) => ({ key: probeKey(mac, route), shared: { mac, kind: 'probe' } })
}

/**
 * Whether a request is claimed together with its step: a call without a dispatch id, on a route with
 * `legacyServer`. False for a body without a canonical form: two parsers could find different ids in it.
 */
export async function isCallOfLegacyServer(
  { effects }: Admission,
  { isServerLegacy }: InngestRoutePolicy,
  body: Body,
): Promise<Verdict<boolean>> {
  if (!isServerLegacy || carriesDispatchId(body)) return pass(false)
  const canonical = await effects.canonicalizeToRead(body.whole())
  if (!canonical.ok) return canonical
  return pass(canonical.value !== undefined && lacksDispatchId(canonical.value))
}
