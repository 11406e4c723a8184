/**
 * The outcome of a check. A refusal is expected, frequent and caused by the sender, so it is a value. If
 * something broke, a fault (faults.ts) is thrown.
 */
import type { Reason } from './reasons.ts'

export interface Passed<T> {
  readonly ok: true
  readonly value: T
}

export interface Refused {
  readonly ok: false
  readonly reason: Reason
}

export type Verdict<T> = Passed<T> | Refused

/**
 * A verdict that needs waiting only for unusual requests: a promise would cost more than all other checks
 * together.
 */
export type Eventual<T> = Verdict<T> | Promise<Verdict<T>>

export function pass<T>(value: T): Passed<T> {
  return { ok: true, value }
}

export function refuse(reason: Reason): Refused {
  return { ok: false, reason }
}
