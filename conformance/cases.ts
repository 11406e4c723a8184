/** Every case, in the order of running. */
import type { CaseText, RequestCase } from './case.ts'
import { addressCases } from './cases/address.ts'
import { agreementCases } from './cases/agreement.ts'
import { admittedCases } from './cases/admitted.ts'
import { durableCases } from './cases/durable.ts'
import { framingCases } from './cases/framing.ts'
import { freshnessCases } from './cases/freshness.ts'
import { replayCases } from './cases/replay.ts'
import { signatureCases } from './cases/signature.ts'
import { useCases } from './cases/use.ts'

export const requestCases: readonly RequestCase[] = [
  ...admittedCases,
  ...signatureCases,
  ...freshnessCases,
  ...replayCases,
  ...addressCases,
  ...agreementCases,
  ...useCases,
  ...framingCases,
  ...durableCases,
]

/** Sent to the app's own addresses, not to the gateway (app-address.ts). */
export const bypassCase: CaseText = {
  name: 'app-address',
  group: 'bypass',
  sends: "an unsigned function call to the app's own port",
  failure:
    'A client that reaches this port bypasses every check. Bind the app to loopback or a unix socket, or close the port with a NetworkPolicy or a firewall.',
}

export const bypassExpectation = "no response except the gateway's own"

export const allCases: readonly CaseText[] = [...requestCases, bypassCase]
