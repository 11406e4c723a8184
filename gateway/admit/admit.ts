/**
 * THE ORDER of the checks, as straight-line code. Everything before the body is read looks at the
 * head only. Only what passes all of it becomes an `AdmittedRequest`, and only that can be
 * forwarded; a passthrough route makes a `PassthroughRequest`, which no verified path accepts.
 */
import { Body } from '../inngest/body.ts'
import { checkAllowlist } from './checks/allowlist.ts'
import { resolveClientAddress, type ClientAddress } from './checks/client-address.ts'
import { checkCredentials } from './checks/credentials.ts'
import { checkFraming } from './checks/framing.ts'
import type { PairLesson } from './checks/function-id.ts'
import { ageSeconds, checkFreshness } from './checks/freshness.ts'
import { checkInngestUse, isForwardable, isUnsignedAllowed } from './checks/inngest-use.ts'
import { nameNoise } from './checks/expected-refusals.ts'
import { checkPassthroughUse } from './checks/passthrough-use.ts'
import { announcesBody, fieldValues, type RequestHead } from './request-head.ts'
import { checkRoute, type RoutedTarget } from './checks/route.ts'
import { verifyCanonical, verifyRaw, type VerifiedSignature } from './checks/signature.ts'
import { checkSyncUrl, checkUnsignedSync, readSyncUrl } from './checks/sync-use.ts'
import { checkSignedUse } from './check-signed-use.ts'
import { claimOnce, type SignedRequest } from './claim-signature.ts'
import { callParameters } from '../inngest/call-parameters.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import { blameMissingBody, checkUnchanged, requireBody } from './check-delivery.ts'
import type { Judging } from './context.ts'
import { moderate, note, settle } from './check-mode.ts'
import type {
  CheckMode,
  InngestRoutePolicy,
  PassthroughRoutePolicy,
  RoutePolicy,
} from './policy.ts'
import { SignedBody } from '../inngest/body.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

const admitted: unique symbol = Symbol('admitted')
const passedThrough: unique symbol = Symbol('passedThrough')

interface Accepted {
  readonly head: RequestHead
  /** `Host` as sent; empty if a passthrough request has none. */
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

export async function admit(
  judging: Judging,
): Promise<Verdict<AdmittedRequest | PassthroughRequest>> {
  const { head, policy, findings } = judging
  // Resolved first, so that every refusal's record says whose request it was.
  const forwardedFor = fieldValues(head.rawHeaders, 'x-forwarded-for')
  const client = resolveClientAddress(head.connection, forwardedFor, policy)
  if (client.ok) findings.client = client.value

  const framing = checkFraming(head, policy.limits.maxHeaderCount)
  if (!framing.ok) return framing

  const target = checkRoute(head, policy.routes)
  if (!target.ok) return target
  const { route, reported } = target.value
  findings.route = route
  if (reported !== undefined) note(findings, reported)

  return route.kind === 'passthrough'
    ? admitPassthrough(judging, route, target.value, client)
    : await admitInngest(judging, route, target.value, client)
}

async function admitInngest(
  judging: Judging,
  route: InngestRoutePolicy,
  { host, path, query }: RoutedTarget,
  resolved: Verdict<ClientAddress>,
): Promise<Verdict<AdmittedRequest>> {
  const { head, effects, findings } = judging
  const sender = checkSender(judging, route, resolved)
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

  const entered = enter(judging, route)
  if (!entered.ok) return entered
  if (credentials === 'unsigned') {
    const body = await readUnsigned(judging, route)
    return body.ok ? passWith(body.value) : body
  }
  const body = requireBody(judging, route, query, await effects.readBody())
  if (!body.ok) return body
  findings.bodyBytes = body.value.byteLength
  if (credentials === undefined) return passWith(body.value)

  const raw = verifyRaw(body.value, credentials, route.signingKeys)
  const verified = raw.ok ? raw : await tryCanonical(judging, route, body.value, credentials)
  const settled = settle(route.checks.signature, findings, nameNoise(verified, head))
  const signature = blameMissingBody(judging, settled, body.value.byteLength)
  if (!signature.ok) return signature
  if (signature.value === undefined) return passWith(body.value)
  const { mac, signedBody, form, keySlot } = signature.value
  findings.signature = { form, keySlot }

  const parameters = callParameters(query)
  const signed = { method: head.method, host, path, query, parameters, mac, signedBody }
  const use = await checkSignedUse(judging, route, signed, form)
  if (!use.ok) return use
  const first = await checkFirstUse(judging, route, signed, credentials)
  if (!first.ok) return first
  await learn(judging, use.value)
  return passWith(signedBody)
}

/** The last step before the body: from here on, the request holds a place. */
function enter(judging: Judging, route: RoutePolicy): Verdict<undefined> {
  const unchanged = checkUnchanged(judging, route)
  return unchanged.ok ? judging.effects.enter(route) : unchanged
}

/** The body of a request that needs no signature: none, or that of a sync. */
async function readUnsigned(
  { head, effects, findings }: Judging,
  route: InngestRoutePolicy,
): Promise<Verdict<Body>> {
  if (!announcesBody(head.rawHeaders)) return pass(new Body([]))
  const body = await effects.readBody()
  if (!body.ok) return body
  findings.bodyBytes = body.value.byteLength
  const { signature } = route.checks
  const expected = moderate(signature, findings, () => checkUnsignedSync(head, body.value))
  if (!expected.ok) return expected
  const mode = unsignedSyncUrlMode(route.checks)
  const ours = moderate(mode, findings, () => checkSyncUrl(readSyncUrl(body.value), route))
  return ours.ok ? body : ours
}

/** No signature vouches for the URL of an unsigned sync, so the default `report` does not admit a foreign one. */
function unsignedSyncUrlMode({ syncUrl, signature }: InngestRoutePolicy['checks']): CheckMode {
  return syncUrl === 'report' && signature === 'enforce' ? 'enforce' : syncUrl
}

/** For a body that does not carry the signature over its bytes as they came. */
async function tryCanonical(
  { delivery, effects, findings }: Judging,
  { signingKeys }: InngestRoutePolicy,
  received: Body,
  credentials: Credentials,
): Promise<Verdict<VerifiedSignature>> {
  const body = received.whole()
  // Inline, the app reads the canonical form, and otherwise the body as received.
  const canonical = await effects.canonicalize(body, delivery === 'inline')
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
  judging: Judging,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  { timestampSeconds }: Credentials,
): Promise<Verdict<unknown>> {
  const { policy, effects, findings } = judging
  const { checks } = route
  const nowMs = effects.nowMs()
  findings.signatureAgeSeconds = ageSeconds(timestampSeconds, nowMs)
  const fresh = moderate(checks.freshness, findings, () =>
    checkFreshness(timestampSeconds, policy.freshness, nowMs),
  )
  if (!fresh.ok || checks.replay === 'off') return fresh
  try {
    const claimed = await claimOnce(judging, route, signed, timestampSeconds, nowMs)
    return settle(checks.replay, findings, claimed)
  } catch (error) {
    if (checks.replay === 'enforce') throw error
    note(findings, 'replay_store_unavailable')
    return pass(undefined)
  }
}

/** A captured call that was used before teaches nothing, whatever mode lets it go on. */
async function learn(
  { effects, findings }: Judging,
  lesson: PairLesson | undefined,
): Promise<void> {
  if (lesson !== undefined && findings.claim === 'claimed') await effects.pairs.learn(lesson)
}

interface Sender {
  /** Undefined only where the route does not enforce the allowlist. */
  readonly client: ClientAddress | undefined
  /** `unsigned` if the operator lets this client do without, undefined if everybody. */
  readonly credentials: Credentials | 'unsigned' | undefined
}

/** What can be said of the sender by the head alone. */
function checkSender(
  { head, policy, effects, findings }: Judging,
  route: InngestRoutePolicy,
  resolved: Verdict<ClientAddress>,
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
    return pass({ client, credentials: 'unsigned' })
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
  judging: Judging,
  route: PassthroughRoutePolicy,
  { host }: RoutedTarget,
  client: Verdict<ClientAddress>,
): Verdict<PassthroughRequest> {
  const { head, findings } = judging
  const use = checkPassthroughUse(head)
  if (!use.ok) return use
  const { allowlist } = route
  if (allowlist !== undefined) {
    const allowed = moderate(route.checks.allowlist, findings, () =>
      client.ok ? checkAllowlist(client.value.address, allowlist) : client,
    )
    if (!allowed.ok) return allowed
  }
  const entered = enter(judging, route)
  if (!entered.ok) return entered
  const known = client.ok ? client.value : undefined
  return pass({ kind: 'passthrough', head, route, host, client: known, [passedThrough]: true })
}
