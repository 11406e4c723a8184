/**
 * The fields of a request's log line (record/log-fields.ts) that a verdict needs, from this process or from a
 * log.
 */
import { faults } from '../admit/faults.ts'
import { reasons } from '../admit/reasons.ts'
import type { RoutePolicy } from '../admit/policy.ts'
import type { RequestKind } from './check-rows.ts'

export interface LoggedRequest {
  readonly route?: string | undefined
  readonly decision: 'admitted' | 'refused' | 'failed'
  readonly reason: string
  readonly method?: string | undefined
  readonly durable?: 'user' | 'reentry' | undefined
  readonly fn_id?: string | undefined
  readonly key_slot?: number | undefined
  readonly unsigned?: boolean | undefined
  readonly report_only?: readonly string[] | undefined
  readonly request_id?: string | undefined
  readonly remote_ip?: string | undefined
  readonly client_ip?: string | undefined
  readonly path?: string | undefined
  readonly diagnosis?: string | undefined
}

/** @returns undefined for a kind that no verdict requires, such as an introspection. */
export function kindOf(
  policy: RoutePolicy['kind'],
  { method, fn_id: fnId, durable }: LoggedRequest,
): RequestKind | undefined {
  if (policy === 'passthrough') return 'request'
  if (policy === 'durable') return durable === 'reentry' ? 'reentry' : undefined
  if (method === 'PUT') return 'sync'
  // A POST without `fnId` is a trust probe.
  return method === 'POST' && fnId !== undefined ? 'call' : undefined
}

/** A request has passed every check if the app failed to respond, or if it got no turn by the limits of its route. */
export function outcomeOf({ decision, reason }: LoggedRequest): 'forwarded' | 'refused' | 'failed' {
  if (decision === 'admitted') return 'forwarded'
  if (decision === 'refused') return isOfLimits(reason) ? 'forwarded' : 'refused'
  return isOfUpstream(reason) ? 'forwarded' : 'failed'
}

function isOfLimits(reason: string): boolean {
  return (
    Object.hasOwn(reasons, reason) && reasons[reason as keyof typeof reasons].phase === 'limits'
  )
}

function isOfUpstream(reason: string): boolean {
  return (
    Object.hasOwn(faults, reason) && faults[reason as keyof typeof faults].source === 'upstream'
  )
}

/** Verified by a key, or admitted unsigned by the configuration. */
export function isSigned({ key_slot: keySlot, unsigned }: LoggedRequest): boolean {
  return keySlot !== undefined || unsigned === true
}
