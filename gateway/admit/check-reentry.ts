/**
 * The checks of a re-entry: Inngest calls a durable endpoint again to continue a run. The checks before the
 * body use only the head.
 */
import { checkAllowlist } from './checks/allowlist.ts'
import type { ClientAddress } from './checks/client-address.ts'
import { checkCredentials } from './checks/credentials.ts'
import { checkReentryMarks, checkReentryUse } from './checks/reentry-use.ts'
import { newSignatureFor, type NewSignature } from './checks/resign.ts'
import type { RoutedTarget } from './checks/route.ts'
import { verifyRaw } from './checks/signature.ts'
import { checkAge, checkFirstUse } from './check-first-use.ts'
import { applyMode, applyModeTo } from './check-mode.ts'
import { claimKey, claimKeys, type ClaimKey } from './claim-signature.ts'
import type { Admission } from './context.ts'
import { reentryIds } from './inngest-headers.ts'
import type { DurableRoutePolicy } from './policy.ts'
import type { Body } from '../inngest/body.ts'
import { reentryKey } from '../inngest/claim-key.ts'
import { targetName } from '../inngest/redirect-target.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import { pass, type Verdict } from './verdict.ts'

interface Reentrant {
  /** Undefined only where the route does not enforce the allowlist. */
  readonly client: ClientAddress | undefined
  /** Undefined only where the route does not enforce the signature. */
  readonly credentials: Credentials | undefined
}

interface CheckedReentry {
  readonly body: Body
  readonly newSignature: NewSignature | undefined
}

export function checkReentrant(
  admission: Admission,
  { checks }: DurableRoutePolicy,
  resolved: Verdict<ClientAddress>,
): Verdict<Reentrant> {
  const { head, policy, effects, facts } = admission
  const use = checkReentryUse(head)
  if (!use.ok) return use
  const known = applyModeTo(checks.allowlist, facts, resolved)
  if (!known.ok) return known
  const client = known.value
  if (client !== undefined) {
    const allowed = applyMode(checks.allowlist, facts, () =>
      checkAllowlist(client.address, policy.allowlist),
    )
    if (!allowed.ok) return allowed
  }
  const claimed = applyMode(checks.signature, facts, () => checkCredentials(head.rawHeaders))
  if (!claimed.ok) return claimed
  const credentials = claimed.value
  // This applies in every mode.
  const marks = checkReentryMarks(head)
  if (!marks.ok) return marks
  if (credentials === undefined) return pass({ client, credentials })
  const early = checkAge(admission, checks, credentials.timestampSeconds, effects.nowMs())
  return early.ok ? pass({ client, credentials }) : early
}

/**
 * Only the raw bytes are verified: Inngest signs the body that a user sent unchanged (inngest `httpv2.go`), so
 * another body with the same canonical form was not signed.
 * @returns the body, which the signature covers unless the route only reports the signature check.
 */
export async function checkReentryBody(
  admission: Admission,
  route: DurableRoutePolicy,
  target: RoutedTarget,
  { credentials }: Reentrant,
): Promise<Verdict<CheckedReentry>> {
  const { head, effects, facts } = admission
  const { checks } = route
  const body = await effects.readBody()
  if (!body.ok) return body
  facts.bodyBytes = body.value.byteLength
  if (credentials === undefined) return pass({ body: body.value, newSignature: undefined })
  const verified = verifyRaw(body.value, credentials, route.signingKeys)
  if (!verified.ok) {
    facts.evidence = {
      body: body.value.whole(),
      credentials,
      canonical: undefined,
      isHealed: false,
    }
  }
  const signature = applyModeTo(checks.signature, facts, verified)
  if (!signature.ok) return signature
  if (signature.value === undefined) return pass({ body: body.value, newSignature: undefined })
  const { mac, form, keySlot } = signature.value
  facts.signature = { form, keySlot }
  const newSignature = newSignatureFor(route, signature.value)
  const { timestampSeconds } = credentials
  const first = await checkFirstUse(admission, checks, timestampSeconds, (nowMs) => {
    const ids = reentryIds(head.rawHeaders)
    const keyOf = (made: Uint8Array): ClaimKey => ({
      key: reentryKey(made, ids),
      shared: { mac: made, kind: 'reentry' },
    })
    const claimed = claimKeys(keyOf, { mac, newSignature })
    const name = () => targetName({ ...target, host: route.host, method: head.method })
    return claimKey(admission, claimed, name, timestampSeconds, nowMs)
  })
  return first.ok ? pass({ body: body.value, newSignature }) : first
}
