/**
 * THE ORDER of the checks, as straight-line code. Everything before the body is read looks at the
 * head only. Only what passes all of it becomes an `AdmittedRequest`, and only that can be
 * forwarded; a passthrough route makes a `PassthroughRequest`, which no verified path accepts.
 */
import { checkAllowlist } from './checks/allowlist.ts'
import { resolveClientAddress, type ClientAddress } from './checks/client-address.ts'
import { checkCredentials } from './checks/credentials.ts'
import { checkFraming } from './checks/framing.ts'
import { checkFreshness } from './checks/freshness.ts'
import { checkInngestUse, isUnsignedAllowed } from './checks/inngest-use.ts'
import { checkPassthroughUse } from './checks/passthrough-use.ts'
import { fieldValues, type RequestHead } from './checks/request-head.ts'
import { checkRoute, type RoutedTarget } from './checks/route.ts'
import { verifySignature, type VerifiedSignature } from './checks/signature.ts'
import { claimKey, type ClaimSubject } from './inngest/claim-key.ts'
import type { Credentials } from './inngest/signature-header.ts'
import type { InngestRoutePolicy, PassthroughRoutePolicy, Policy, RoutePolicy } from './policy.ts'
import { SignedBody } from './signed-body.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

/** The steps that touch the world. */
export interface Effects {
  /** Unix milliseconds. */
  readonly nowMs: () => number
  /** Takes one of the places for requests in flight. False if none is left. */
  readonly enter: () => boolean
  readonly readBody: () => Promise<Verdict<Uint8Array>>
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
  signature?: Pick<VerifiedSignature, 'form' | 'keySlot'>
  /** Let through without a signature, by the route's `unsigned…` setting. */
  isUnsigned?: boolean
  claim?: ReplayOutcome
}

const admitted: unique symbol = Symbol('admitted')
const passedThrough: unique symbol = Symbol('passedThrough')

interface Accepted {
  readonly head: RequestHead
  /** `Host` as sent. */
  readonly host: string
  /** Undefined only where a passthrough route lets everybody in and a proxy does not say who. */
  readonly client: ClientAddress | undefined
}

export interface AdmittedRequest extends Accepted {
  readonly kind: 'admitted'
  readonly route: InngestRoutePolicy
  readonly body: SignedBody
  readonly [admitted]: true
}

export interface PassthroughRequest extends Accepted {
  readonly kind: 'passthrough'
  readonly route: PassthroughRoutePolicy
  readonly [passedThrough]: true
}

type Resolved = Verdict<ClientAddress>

export async function admit(
  head: RequestHead,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<AdmittedRequest | PassthroughRequest>> {
  // Resolved first, so that every refusal's record says whose request it was.
  const forwardedFor = fieldValues(head.rawHeaders, 'x-forwarded-for')
  const client = resolveClientAddress(head.connection, forwardedFor, policy.trustedProxies)
  if (client.ok) findings.client = client.value

  const framing = checkFraming(head, policy.limits.maxHeaderCount)
  if (!framing.ok) return framing

  const target = checkRoute(head, policy.routes)
  if (!target.ok) return target
  const { route } = target.value
  findings.route = route

  return route.kind === 'passthrough'
    ? admitPassthrough(head, route, target.value, client, effects)
    : admitInngest(head, route, target.value, client, policy, effects, findings)
}

async function admitInngest(
  head: RequestHead,
  route: InngestRoutePolicy,
  { host, path, query }: RoutedTarget,
  resolved: Resolved,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<AdmittedRequest>> {
  const sender = checkSender(head, route, resolved, policy, effects, findings)
  if (!sender.ok) return sender
  const { client, credentials } = sender.value
  const accepted = { kind: 'admitted', head, route, host, client } as const

  if (!effects.enter()) return refuse('requests_full')
  if (credentials === undefined) {
    return pass({ ...accepted, body: new SignedBody(new Uint8Array()), [admitted]: true })
  }
  const { timestampSeconds } = credentials
  const body = await effects.readBody()
  if (!body.ok) return body
  findings.bodyBytes = body.value.byteLength

  const signature = verifySignature(body.value, credentials, route.signingKeys)
  if (!signature.ok) return signature
  const { mac, signedBody, form, keySlot } = signature.value
  findings.signature = { form, keySlot }

  // One reading of the clock for freshness and claim: a request whose body came slowly could
  // otherwise outlive its own claim, and its twin be admitted too.
  const nowMs = effects.nowMs()
  const fresh = checkFreshness(timestampSeconds, policy.freshness, nowMs)
  if (!fresh.ok) return fresh
  findings.signatureAgeSeconds = fresh.value

  const subject = { method: head.method, host, path, query, mac, signedBody }
  const claimed = await claimOnce(subject, timestampSeconds, nowMs, policy, effects, findings)
  if (!claimed.ok) return claimed

  return pass({ ...accepted, body: new SignedBody(signedBody), [admitted]: true })
}

interface Sender {
  readonly client: ClientAddress
  /** Undefined if the operator lets this client do without. */
  readonly credentials: Credentials | undefined
}

/** What can be said of the sender by the head alone. */
function checkSender(
  head: RequestHead,
  route: InngestRoutePolicy,
  resolved: Resolved,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Verdict<Sender> {
  const use = checkInngestUse(head, route)
  if (!use.ok) return use
  if (!resolved.ok) return resolved
  const client = resolved.value

  if (isUnsignedAllowed(head, route, client.address)) {
    findings.isUnsigned = true
    return pass({ client, credentials: undefined })
  }

  const allowed = checkAllowlist(client.address, policy.allowlist)
  if (!allowed.ok) return allowed

  const credentials = checkCredentials(head.rawHeaders)
  if (!credentials.ok) return credentials
  const { timestampSeconds } = credentials.value

  const nowMs = effects.nowMs()
  findings.signatureAgeSeconds = Math.floor(nowMs / 1000) - timestampSeconds
  const early = checkFreshness(timestampSeconds, policy.freshness, nowMs)
  return early.ok ? pass({ client, credentials: credentials.value }) : early
}

function admitPassthrough(
  head: RequestHead,
  route: PassthroughRoutePolicy,
  { host }: RoutedTarget,
  client: Resolved,
  effects: Effects,
): Verdict<PassthroughRequest> {
  const use = checkPassthroughUse(head)
  if (!use.ok) return use
  if (route.allowlist !== undefined) {
    if (!client.ok) return client
    const allowed = checkAllowlist(client.value.address, route.allowlist)
    if (!allowed.ok) return allowed
  }
  if (!effects.enter()) return refuse('requests_full')
  const known = client.ok ? client.value : undefined
  return pass({ kind: 'passthrough', head, route, host, client: known, [passedThrough]: true })
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
