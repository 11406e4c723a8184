/**
 * THE ORDER of the checks, as straight-line code. Everything before the body is read looks at the
 * head only. Only what passes all of it becomes an `AdmittedRequest`, and only that can be
 * forwarded; a passthrough route makes a `PassthroughRequest`, which no verified path accepts.
 */
import { Body } from './body.ts'
import { checkAllowlist } from './checks/allowlist.ts'
import { resolveClientAddress, type ClientAddress } from './checks/client-address.ts'
import { checkCredentials } from './checks/credentials.ts'
import { checkFraming } from './checks/framing.ts'
import { ageSeconds, checkFreshness } from './checks/freshness.ts'
import { checkInngestUse, isForwardable, isUnsignedAllowed } from './checks/inngest-use.ts'
import { nameNoise } from './checks/noise.ts'
import { checkPassthroughUse } from './checks/passthrough-use.ts'
import { fieldValues, type RequestHead } from './checks/request-head.ts'
import { checkRoute, type RoutedTarget } from './checks/route.ts'
import { verifyCanonical, verifyRaw, type VerifiedSignature } from './checks/signature.ts'
import type { Findings, ReplayClaim, ReplayOutcome } from './findings.ts'
import { claimKey, type ClaimSubject } from './inngest/claim-key.ts'
import { targetName } from './inngest/redirect-target.ts'
import type { Credentials } from './inngest/signature-header.ts'
import { moderate, note, settle } from './moderate.ts'
import type { InngestRoutePolicy, PassthroughRoutePolicy, Policy, RoutePolicy } from './policy.ts'
import { SignedBody } from './signed-body.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

/** The steps that touch the world. */
export interface Effects {
  /** Unix milliseconds. */
  readonly nowMs: () => number
  /**
   * Takes on a request whose head has passed, with one of the places for requests in flight on such
   * a route. Refused if none is left, or if it cannot be forwarded as the request that it would be.
   */
  readonly enter: (route: RoutePolicy) => Verdict<undefined>
  readonly readBody: () => Promise<Verdict<Body>>
  /**
   * The canonical form of JSON, off the event loop if it is long; undefined if there is none.
   * @param mayRound see canonicalizeJson.
   */
  readonly canonicalize: (
    body: Uint8Array,
    mayRound?: boolean,
  ) => Promise<Verdict<Uint8Array | undefined>>
  /**
   * Spends a key, atomically. Throws a fault if the store cannot be asked.
   * @param target what is called, for a key that a redirect made usable again.
   */
  readonly claim: (
    claim: ReplayClaim,
    target: () => string,
    nowMs: number,
  ) => Promise<ReplayOutcome>
}

const admitted: unique symbol = Symbol('admitted')
const passedThrough: unique symbol = Symbol('passedThrough')

interface Accepted {
  readonly head: RequestHead
  /** `Host` as sent. */
  readonly host: string
  /** Undefined if a proxy does not say who, and the route lets everybody in. */
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
  const client = resolveClientAddress(head.connection, forwardedFor, policy)
  if (client.ok) findings.client = client.value

  const framing = checkFraming(head, policy.limits.maxHeaderCount)
  if (!framing.ok) return framing

  const target = checkRoute(head, policy.routes)
  if (!target.ok) return target
  const { route } = target.value
  findings.route = route

  return route.kind === 'passthrough'
    ? admitPassthrough(head, route, target.value, client, effects, findings)
    : await admitInngest(head, route, target.value, client, policy, effects, findings)
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
  const { checks } = route
  const sender = checkSender(head, route, resolved, policy, effects, findings)
  if (!sender.ok) return sender
  const { client, credentials } = sender.value
  const passWith = (signed: Body) =>
    pass({
      kind: 'admitted',
      head,
      route,
      host,
      client,
      body: new SignedBody(signed),
      [admitted]: true,
    } as const)

  const entered = effects.enter(route)
  if (!entered.ok) return entered
  if (findings.isUnsigned === true) return passWith(new Body([]))
  const body = await effects.readBody()
  if (!body.ok) return body
  findings.bodyBytes = body.value.byteLength
  if (credentials === undefined) return passWith(body.value)

  const raw = verifyRaw(body.value, credentials, route.signingKeys)
  const verified = raw.ok
    ? raw
    : await tryCanonical(body.value, credentials, route, effects, findings)
  const signature = settle(checks.signature, findings, nameNoise(verified, head))
  if (!signature.ok) return signature
  if (signature.value === undefined) return passWith(body.value)
  const { mac, signedBody, form, keySlot } = signature.value
  findings.signature = { form, keySlot }

  const subject = { method: head.method, host, path, query, mac, signedBody }
  const first = await checkFirstUse(subject, credentials, route, policy, effects, findings)
  return first.ok ? passWith(signedBody) : first
}

/** For a body that does not carry the signature over its bytes as they came. */
async function tryCanonical(
  received: Body,
  credentials: Credentials,
  { signingKeys }: InngestRoutePolicy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<VerifiedSignature>> {
  const body = received.whole()
  const canonical = await effects.canonicalize(body)
  if (!canonical.ok) return canonical
  const healed = verifyCanonical(canonical.value, credentials, signingKeys)
  findings.evidence = { body, credentials, canonical: canonical.value, isHealed: healed.ok }
  return healed
}

/**
 * Fresh and not used before, on one reading of the clock: a request whose body came slowly could
 * otherwise outlive its own claim, and its twin be admitted too.
 */
async function checkFirstUse(
  subject: ClaimSubject,
  { timestampSeconds }: Credentials,
  { checks }: InngestRoutePolicy,
  policy: Policy,
  effects: Effects,
  findings: Findings,
): Promise<Verdict<unknown>> {
  const nowMs = effects.nowMs()
  findings.signatureAgeSeconds = ageSeconds(timestampSeconds, nowMs)
  const fresh = moderate(checks.freshness, findings, () =>
    checkFreshness(timestampSeconds, policy.freshness, nowMs),
  )
  if (!fresh.ok || checks.replay === 'off') return fresh
  try {
    const claimed = await claimOnce(subject, timestampSeconds, nowMs, policy, effects, findings)
    return settle(checks.replay, findings, claimed)
  } catch (error) {
    if (checks.replay === 'enforce') throw error
    note(findings, 'replay_store_unavailable')
    return pass(undefined)
  }
}

interface Sender {
  /** Undefined only where the route does not enforce the allowlist. */
  readonly client: ClientAddress | undefined
  /** Undefined if the operator lets this client, or everybody, do without. */
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
  const { checks } = route
  if (!isForwardable(head)) return refuse('method_not_allowed')
  if (head.isUpgrade) return refuse('upgrade_not_allowed')
  const use = moderate(checks.method, findings, () => checkInngestUse(head, route))
  if (!use.ok) return use
  const known = settle(checks.allowlist, findings, resolved)
  if (!known.ok) return known
  const client = known.value

  if (client !== undefined && isUnsignedAllowed(head, route, client.address)) {
    findings.isUnsigned = true
    return pass({ client, credentials: undefined })
  }

  if (client !== undefined) {
    const allowed = moderate(checks.allowlist, findings, () =>
      nameNoise(checkAllowlist(client.address, policy.allowlist), head),
    )
    if (!allowed.ok) return allowed
  }

  const claimed = moderate(checks.signature, findings, () =>
    nameNoise(checkCredentials(head.rawHeaders), head),
  )
  if (!claimed.ok) return claimed
  const credentials = claimed.value
  if (credentials === undefined) return pass({ client, credentials })

  const nowMs = effects.nowMs()
  findings.signatureAgeSeconds = ageSeconds(credentials.timestampSeconds, nowMs)
  const early = moderate(checks.freshness, findings, () =>
    checkFreshness(credentials.timestampSeconds, policy.freshness, nowMs),
  )
  return early.ok ? pass({ client, credentials }) : early
}

function admitPassthrough(
  head: RequestHead,
  route: PassthroughRoutePolicy,
  { host }: RoutedTarget,
  client: Resolved,
  effects: Effects,
  findings: Findings,
): Verdict<PassthroughRequest> {
  const use = checkPassthroughUse(head)
  if (!use.ok) return use
  const { allowlist } = route
  if (allowlist !== undefined) {
    const allowed = moderate(route.checks.allowlist, findings, () =>
      client.ok ? checkAllowlist(client.value.address, allowlist) : client,
    )
    if (!allowed.ok) return allowed
  }
  const entered = effects.enter(route)
  if (!entered.ok) return entered
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
  const claim = { key: key.value, timestampSeconds, expiresAtSeconds }
  const outcome = await effects.claim(claim, () => targetName(subject), nowMs)
  findings.claim = outcome
  if (outcome !== 'claimed' && outcome !== 'followed') return refuse(claimRefusals[outcome])
  findings.claimed = claim
  return pass(undefined)
}

const claimRefusals = {
  duplicate: 'replayed',
  full: 'replay_cache_full',
  before_start: 'timestamp_before_start',
} as const
