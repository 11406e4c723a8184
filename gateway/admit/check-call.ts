/** Checks of a function call in addition to its signature. */
import { checkAgreement } from './check-agreement.ts'
import { applyModeTo } from './check-mode.ts'
import { checkEncryption } from './checks/encryption.ts'
import type { PairLesson } from './checks/function-id.ts'
import type { SignedRequest } from './claim-signature.ts'
import type { Admission } from './context.ts'
import type { EncryptionPolicy, InngestRoutePolicy } from './policy.ts'
import { readPayload } from '../inngest/payload-encryption.ts'
import type { Eventual, Verdict } from './verdict.ts'

/**
 * @param form of the body that the signature covers.
 * @returns the pair to learn once the signature is claimed, if there is one.
 */
export function checkCall(
  admission: Admission,
  route: InngestRoutePolicy,
  signed: SignedRequest,
  form: 'raw' | 'canonical',
): Eventual<PairLesson | undefined> {
  const agreement = checkAgreement(admission, route, signed, form)
  const { encryption } = route
  if (encryption === undefined) return agreement
  const after = (agreed: Verdict<PairLesson | undefined>) =>
    agreed.ok ? checkPayload(admission, encryption, signed, agreed) : agreed
  return agreement instanceof Promise ? agreement.then(after) : after(agreement)
}

/** Last, since it reads the whole body. */
function checkPayload(
  { facts }: Admission,
  { mode, rules }: EncryptionPolicy,
  { signedBody }: SignedRequest,
  agreed: Verdict<PairLesson | undefined>,
): Verdict<PairLesson | undefined> {
  facts.encryption = readPayload(signedBody.whole(), rules)
  const encrypted = applyModeTo(mode, facts, checkEncryption(facts.encryption))
  return encrypted.ok ? agreed : encrypted
}
