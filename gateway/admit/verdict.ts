/**
 * The outcome of a check. A refusal is expected, frequent and driven by the sender, so it is a
 * value; something that broke is a fault (faults.ts) and is thrown.
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

/** Of a check that waits only for unusual requests: a promise takes longer than the check of all others. */
export type Eventual<T> = Verdict<T> | Promise<Verdict<T>>

export function pass<T>(value: T): Passed<T> {
  return { ok: true, value }
}

export function refuse(reason: Reason): Refused {
  return { ok: false, reason }
}
