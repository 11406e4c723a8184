/**
 * Checks that apply only if another proxy forwards the request; admit.ts calls them. All of them run before the
 * claim, so a request that cannot be delivered is not claimed.
 */
import type { Body } from '../inngest/body.ts'
import {
  checkBodySent,
  checkFieldsRemovable,
  checkHostServed,
  nameMissingBody,
} from './checks/external-auth.ts'
import { applyModeTo } from './check-mode.ts'
import type { Admission } from './context.ts'
import type { InngestRoutePolicy, RoutePolicy } from './policy.ts'
import { pass, type Verdict } from './verdict.ts'

/** Checks that the app gets the same `Host` and headers as inline. */
export function checkUnchanged(
  { head, delivery }: Admission,
  route: RoutePolicy,
): Verdict<undefined> {
  if (delivery === 'inline') return pass(undefined)
  const served = checkHostServed(head, route)
  return served.ok ? checkFieldsRemovable(delivery.fieldsLeft(route)) : served
}

/** @param received the body, or the reason why it could not be read. */
export function requireBody(
  { head, delivery, facts }: Admission,
  { checks }: InngestRoutePolicy,
  query: string,
  received: Verdict<Body>,
): Verdict<Body> {
  if (delivery === 'inline' || !received.ok) return received
  const sent = checkBodySent(head, query, received.value.byteLength)
  const settled = applyModeTo(checks.signature, facts, sent)
  return settled.ok ? received : settled
}

/**
 * @param verdict the result of the signature check, after its mode was applied.
 * @param byteLength of the body.
 */
export function blameMissingBody<T>(
  { head, delivery }: Admission,
  verdict: Verdict<T>,
  byteLength: number,
): Verdict<T> {
  return delivery === 'inline' ? verdict : nameMissingBody(verdict, head, byteLength)
}
