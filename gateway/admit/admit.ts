/**
 * The order of the checks, as straight-line code. The checks before the body use only the head. Only a request
 * that passes all checks becomes an `AdmittedRequest`, and only that type can be forwarded on a verified route.
 * A request to a passthrough route, or of a user to a durable route, becomes a `PassthroughRequest`, which no
 * verified path accepts.
 */
import { Body, SignedBody } from '../inngest/body.ts'
import type { AddressRanges } from '../ip/address-ranges.ts'
import { checkAllowlist } from './checks/allowlist.ts'
import { resolveClientAddress, type ClientAddress } from './checks/client-address.ts'
import { checkFraming } from './checks/framing.ts'
import type { PairLesson } from './checks/function-id.ts'
import { nameExpectedRefusal } from './checks/expected-refusals.ts'
import { checkAnnouncedSize, checkPassthroughUse } from './checks/passthrough-use.ts'
import { announcesBody, fieldValues, type RequestHead } from './request-head.ts'
import { newSignatureFor, type NewSignature } from './checks/resign.ts'
import { checkRoute, type RoutedTarget } from './checks/route.ts'
import { verifyCanonical, verifyRaw, type VerifiedSignature } from './checks/signature.ts'
import { checkSyncUrl, checkUnsignedSync, readSyncUrl } from './checks/sync-use.ts'
import { checkFirstUse } from './check-first-use.ts'
import { checkReentrant, checkReentryBody } from './check-reentry.ts'
import { checkSender } from './check-sender.ts'
import { checkSignedUse } from './check-signed-use.ts'
import { claimSignature } from './claim-signature.ts'
import { callParameters } from '../inngest/call-parameters.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import { blameMissingBody, checkUnchanged, requireBody } from './check-delivery.ts'
import type { Admission } from './context.ts'
import { applyMode, note, applyModeTo } from './check-mode.ts'
import { looksLikeReentry } from './durable-sign.ts'
import { carriesInngestHeader } from './inngest-headers.ts'
import type {
  CheckMode,
  DurableRoutePolicy,
  InngestRoutePolicy,
  PassthroughRoutePolicy,
  RoutePolicy,
  SigningRoutePolicy,
} from './policy.ts'
import { pass, refuse, type Eventual, type Verdict } from './verdict.ts'

const admitted: unique symbol = Symbol('admitted')
const passedThrough: unique symbol = Symbol('passedThrough')

interface Accepted {
  readonly head: RequestHead
  /** `Host` as sent; empty if a passthrough request has none. */
  readonly host: string
  /** Undefined if a proxy does not name the client, and the route admits any client. */
  readonly client: ClientAddress | undefined
}

export interface AdmittedRequest extends Accepted {
  readonly kind: 'admitted'
  readonly route: SigningRoutePolicy
  readonly body: SignedBody
  /** Sent to the app in place of the received signature. */
  readonly newSignature: NewSignature | undefined
  readonly [admitted]: true
}

export interface PassthroughRequest extends Accepted {
  readonly kind: 'passthrough'
  readonly route: PassthroughRoutePolicy | DurableRoutePolicy
  readonly [passedThrough]: true
}

export function admit(admission: Admission): Eventual<AdmittedRequest | PassthroughRequest> {
  const { head, policy, facts } = admission
  // Resolved first, so that the record of every refusal has the client address.
  const forwardedFor = fieldValues(head.rawHeaders, 'x-forwarded-for')
  const client = resolveClientAddress(head.connection, forwardedFor, policy)
  if (client.ok) facts.client = client.value

  const framing = checkFraming(head, policy.limits.maxHeaderCount)
  if (!framing.ok) return framing

  const target = checkRoute(head, policy.routes)
  if (!target.ok) return target
  const { route, reported } = target.value
  facts.route = route
  if (reported !== undefined) note(facts, reported)

  switch (route.kind) {
    case 'inngest':
      return admitInngest(admission, route, target.value, client)
    case 'durable':
      return admitDurable(admission, route, target.value, client)
    case 'passthrough':
      return admitPassthrough(admission, route, target.value, client)
  }
}

async function admitInngest(
  admission: Admission,
  route: InngestRoutePolicy,
  { host, path, query }: RoutedTarget,
  resolved: Verdict<ClientAddress>,
): Promise<Verdict<AdmittedRequest>> {
  const { head, effects, facts } = admission
  const sender = checkSender(admission, route, resolved)
  if (!sender.ok) return sender
  const { client, credentials } = sender.value
  const passWith = (signed: Body, newSignature?: NewSignature) =>
    pass({
      kind: 'admitted',
      head,
      route,
      host,
      client,
      body: new SignedBody(signed),
      newSignature: noted(admission, newSignature),
      [admitted]: true,
    } as const)

  const entered = enter(admission, route, false)
  if (!entered.ok) return entered
  if (credentials === 'unsigned') {
    const body = await readUnsigned(admission, route)
    return body.ok ? passWith(body.value) : body
  }
  const body = requireBody(admission, route, query, await effects.readBody())
  if (!body.ok) return body
  facts.bodyBytes = body.value.byteLength
  if (credentials === undefined) return passWith(body.value)

  const raw = verifyRaw(body.value, credentials, route.signingKeys)
  const verified = raw.ok ? raw : await tryCanonical(admission, route, body.value, credentials)
  const settled = applyModeTo(route.checks.signature, facts, nameExpectedRefusal(verified, head))
  const signature = blameMissingBody(admission, settled, body.value.byteLength)
  if (!signature.ok) return signature
  if (signature.value === undefined) return passWith(body.value)
  const { mac, signedBody, form, keySlot } = signature.value
  facts.signature = { form, keySlot }

  const parameters = callParameters(query)
  facts.parameters = parameters
  const forwarding = { signedBody, newSignature: newSignatureFor(route, signature.value) }
  const signed = { method: head.method, host, path, query, parameters, mac, ...forwarding }
  const use = await checkSignedUse(admission, route, signed, form)
  if (!use.ok) return use
  const { timestampSeconds } = credentials
  const first = await checkFirstUse(admission, route.checks, timestampSeconds, (nowMs) =>
    claimSignature(admission, route, signed, timestampSeconds, nowMs),
  )
  if (!first.ok) return first
  await learn(admission, use.value)
  return passWith(signedBody, signed.newSignature)
}

/** The last step before the body is read: from here on, the request occupies a place in flight. */
function enter(admission: Admission, route: RoutePolicy, isOpen: boolean): Verdict<undefined> {
  const unchanged = checkUnchanged(admission, route)
  return unchanged.ok ? admission.effects.enter(route, isOpen) : unchanged
}

/** Reads the body of a request that needs no signature: an empty one, or that of a sync. */
async function readUnsigned(
  { head, effects, facts }: Admission,
  route: InngestRoutePolicy,
): Promise<Verdict<Body>> {
  if (!announcesBody(head.rawHeaders)) return pass(new Body([]))
  const body = await effects.readBody()
  if (!body.ok) return body
  facts.bodyBytes = body.value.byteLength
  const { signature } = route.checks
  const expected = applyMode(signature, facts, () => checkUnsignedSync(head, body.value))
  if (!expected.ok) return expected
  const mode = unsignedSyncUrlMode(route.checks)
  const ours = applyMode(mode, facts, () => checkSyncUrl(readSyncUrl(body.value), route))
  return ours.ok ? body : ours
}

/** No signature covers the URL of an unsigned sync, so the default `report` refuses a foreign URL here. */
function unsignedSyncUrlMode({ syncUrl, signature }: InngestRoutePolicy['checks']): CheckMode {
  return syncUrl === 'report' && signature === 'enforce' ? 'enforce' : syncUrl
}

/** For a signature that does not match the received bytes. */
async function tryCanonical(
  { delivery, effects, facts }: Admission,
  { signingKeys }: InngestRoutePolicy,
  received: Body,
  credentials: Credentials,
): Promise<Verdict<VerifiedSignature>> {
  const body = received.whole()
  // Inline, the app gets the canonical form; with external authorization it gets the received body.
  const canonical = await effects.canonicalize(body, delivery === 'inline')
  if (!canonical.ok) return canonical
  const healed = verifyCanonical(canonical.value, credentials, signingKeys)
  facts.evidence = { body, credentials, canonical: canonical.value, isHealed: healed.ok }
  return healed
}

/** The record names the key only for an admitted request. */
function noted(
  { facts }: Admission,
  signature: NewSignature | undefined,
): NewSignature | undefined {
  facts.resignedWith = signature?.label
  return signature
}

/** A signature that was used before must not teach a pair, even if the mode lets the request through. */
function learn(
  { effects, facts }: Admission,
  lesson: PairLesson | undefined,
): Promise<void> | undefined {
  const isLearned = lesson !== undefined && facts.claim === 'claimed'
  return isLearned ? effects.pairs.learn(lesson) : undefined
}

function admitPassthrough(
  admission: Admission,
  route: PassthroughRoutePolicy,
  { host }: RoutedTarget,
  client: Verdict<ClientAddress>,
): Verdict<PassthroughRequest> {
  const { head, policy, facts } = admission
  const use = checkOpenUse(admission, route, route.allowlist, client)
  if (!use.ok) return use
  const known = client.ok ? client.value : undefined
  // Headers do not prove that a client is Inngest.
  const isAllowed = known !== undefined && policy.allowlist.contains(known.address)
  if (isAllowed && looksLikeReentry(head)) facts.durableSign = 'request'
  return pass({ kind: 'passthrough', head, route, host, client: known, [passedThrough]: true })
}

/**
 * A request with any header of Inngest is a re-entry. A re-entry that fails a check is refused: if it were
 * forwarded as a user's request, it would start another run. The app always gets the one `Host` of the route.
 */
async function admitDurable(
  admission: Admission,
  route: DurableRoutePolicy,
  target: RoutedTarget,
  client: Verdict<ClientAddress>,
): Promise<Verdict<AdmittedRequest | PassthroughRequest>> {
  const { head, facts } = admission
  const { host, users } = route
  const isReentry = carriesInngestHeader(head.rawHeaders)
  facts.durable = isReentry ? 'reentry' : 'user'
  if (admission.delivery !== 'inline') return refuse('durable_inline_only')
  if (isReentry) {
    const reentrant = checkReentrant(admission, route, client)
    if (!reentrant.ok) return reentrant
    const entered = enter(admission, route, false)
    if (!entered.ok) return entered
    const checked = await checkReentryBody(admission, route, target, reentrant.value)
    if (!checked.ok) return checked
    const { body, newSignature } = checked.value
    const known = reentrant.value.client
    return pass({
      kind: 'admitted',
      head,
      route,
      host,
      client: known,
      body: new SignedBody(body),
      newSignature: noted(admission, newSignature),
      [admitted]: true,
    })
  }
  const size = checkAnnouncedSize(head, users.maxBodyBytes)
  if (!size.ok) return size
  const use = checkOpenUse(admission, route, users.allowlist, client)
  if (!use.ok) return use
  const known = client.ok ? client.value : undefined
  return pass({ kind: 'passthrough', head, route, host, client: known, [passedThrough]: true })
}

/**
 * For requests that any client may send.
 * @param allowlist undefined if every address is allowed.
 */
function checkOpenUse(
  admission: Admission,
  route: PassthroughRoutePolicy | DurableRoutePolicy,
  allowlist: AddressRanges | undefined,
  client: Verdict<ClientAddress>,
): Verdict<undefined> {
  const { head, facts } = admission
  const use = checkPassthroughUse(head)
  if (!use.ok) return use
  if (allowlist !== undefined) {
    const allowed = applyMode(route.checks.allowlist, facts, () =>
      client.ok ? checkAllowlist(client.value.address, allowlist) : client,
    )
    if (!allowed.ok) return allowed
  }
  return enter(admission, route, true)
}
