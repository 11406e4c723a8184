/** Texts for observations, in a report and on the status page. */
import { requestKinds, type RequestKind } from './check-rows.ts'
import type { CheckSeen } from './seen.ts'
import type { Missing, Verdict } from './verdict.ts'

export const verdictNames: Readonly<Record<Verdict, string>> = {
  safe: 'safe to enforce',
  not_yet: 'not yet',
  too_little_traffic: 'too little traffic',
}

const kindNames: Readonly<Record<RequestKind, string>> = {
  call: 'function calls',
  sync: 'syncs',
  reentry: 're-entries',
  request: 'requests',
}

export function nameOf(what: Missing['what']): string {
  return what === 'period' ? what : kindNames[what]
}

export function checkName(check: CheckSeen['check']): string {
  return check === 'other' ? 'of another route' : check
}

const numbers = new Intl.NumberFormat('en')

export function formatCount(value: number): string {
  return numbers.format(value)
}

/** @returns undefined if none has passed. */
export function describePassed(passed: CheckSeen['passed']): string | undefined {
  const parts = requestKinds.flatMap((kind) => {
    const count = passed[kind] ?? 0
    return count === 0 ? [] : [`${formatCount(count)} ${kindNames[kind]}`]
  })
  return parts.length === 0 ? undefined : parts.join(', ')
}
