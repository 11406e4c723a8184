/**
 * The data that the log, the metrics, the spans and the status page read of one request after its end. The
 * exchange itself implements this (exchange/exchange.ts): nothing is copied, and nothing changes any more.
 */
import type { Facts } from '../admit/facts.ts'
import type { GatewayFault } from '../admit/faults.ts'
import type { Reason } from '../admit/reasons.ts'
import type { RequestHead } from '../admit/request-head.ts'
import type { Diagnosis } from '../diagnosis/diagnose.ts'

export interface RequestRecord {
  readonly requestId: string
  readonly head: RequestHead
  readonly facts: Facts
  readonly refusal: Reason | undefined
  readonly fault: GatewayFault | undefined
  /** Undefined if no client was left to respond to. */
  readonly status: number | undefined
  readonly upstreamStatus: number | undefined
  readonly diagnosis: Diagnosis | undefined
  readonly durationMs: number
  readonly upstreamDurationMs: number | undefined
  /** When it ended, Unix milliseconds. */
  readonly endedMs: number
  /** The end in monotonic milliseconds. */
  readonly endedMonotonicMs: number
}

export const decisions = ['admitted', 'refused', 'failed'] as const

export type Decision = (typeof decisions)[number]
