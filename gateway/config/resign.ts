/** The key that a route signs its forwarded requests with, for an app that has only one key. */
import type { ResignPolicy, SigningRoutePolicy } from '../admit/policy.ts'
import type { SigningKey } from '../inngest/signing-key.ts'

/** @param key undefined if the route has none. @param signingKeys of the same route. */
export function resignOf(
  key: SigningKey | undefined,
  signingKeys: readonly SigningKey[],
): ResignPolicy | undefined {
  if (key === undefined) return undefined
  const sameSlots = signingKeys.flatMap((each, slot) => (each.isSameKey(key) ? [slot] : []))
  return { key, sameSlots }
}

/** The same, with the key object of `before` if the key is equal. */
export function adoptResign(
  { resign }: SigningRoutePolicy,
  before: SigningRoutePolicy,
): ResignPolicy | undefined {
  const known = before.resign?.key
  return resign && known?.equals(resign.key) === true ? { ...resign, key: known } : resign
}
