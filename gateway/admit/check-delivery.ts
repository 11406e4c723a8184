/**
 * What is checked only if another proxy forwards the request, at the places that admit.ts gives these
 * checks. All of it precedes the claim: a request that cannot be delivered claims nothing.
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

/** Whether the app gets the `Host` and the headers that it would get inline. */
export function checkUnchanged(
  { head, delivery }: Admission,
  route: RoutePolicy,
): Verdict<undefined> {
  if (delivery === 'inline') return pass(undefined)
  const served = checkHostServed(head, route)
  return served.ok ? checkFieldsRemovable(delivery.fieldsLeft(route)) : served
}

/** @param received the body, or why there is none. */
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

/** @param verdict on the signature, after the mode of its check. @param byteLength of the body. */
export function blameMissingBody<T>(
  { head, delivery }: Admission,
  verdict: Verdict<T>,
  byteLength: number,
): Verdict<T> {
  return delivery === 'inline' ? verdict : nameMissingBody(verdict, head, byteLength)
}
