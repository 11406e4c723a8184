/** Checks the sender of a request to an Inngest route by the head alone. */
import { checkAllowlist } from './checks/allowlist.ts'
import type { ClientAddress } from './checks/client-address.ts'
import { checkCredentials } from './checks/credentials.ts'
import { nameExpectedRefusal } from './checks/expected-refusals.ts'
import { checkInngestUse, isForwardable, isUnsignedAllowed } from './checks/inngest-use.ts'
import { checkAge } from './check-first-use.ts'
import { applyMode, applyModeTo } from './check-mode.ts'
import type { Admission } from './context.ts'
import type { InngestRoutePolicy } from './policy.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import { pass, refuse, type Verdict } from './verdict.ts'

export interface Sender {
  /** Undefined only where the route does not enforce the allowlist. */
  readonly client: ClientAddress | undefined
  /** `unsigned` if the operator admits this client without a signature, undefined if any client. */
  readonly credentials: Credentials | 'unsigned' | undefined
}

export function checkSender(
  admission: Admission,
  route: InngestRoutePolicy,
  resolved: Verdict<ClientAddress>,
): Verdict<Sender> {
  const { head, policy, effects, facts } = admission
  const { checks } = route
  if (!isForwardable(head)) return refuse('method_not_allowed')
  if (head.isUpgrade) return refuse('upgrade_not_allowed')
  const use = applyMode(checks.method, facts, () => checkInngestUse(head, route))
  if (!use.ok) return use
  const known = applyModeTo(checks.allowlist, facts, resolved)
  if (!known.ok) return known
  const client = known.value

  if (client !== undefined && isUnsignedAllowed(head, route, client.address)) {
    facts.isUnsigned = true
    return pass({ client, credentials: 'unsigned' })
  }

  if (client !== undefined) {
    const allowed = applyMode(checks.allowlist, facts, () =>
      nameExpectedRefusal(checkAllowlist(client.address, policy.allowlist), head),
    )
    if (!allowed.ok) return allowed
  }

  const claimed = applyMode(checks.signature, facts, () =>
    nameExpectedRefusal(checkCredentials(head.rawHeaders), head),
  )
  if (!claimed.ok) return claimed
  const credentials = claimed.value
  if (credentials === undefined) return pass({ client, credentials })

  const early = checkAge(admission, checks, credentials.timestampSeconds, effects.nowMs())
  return early.ok ? pass({ client, credentials }) : early
}
