/** Diagnoses, for its record, a request with a wrong signature or one that was claimed before. */
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import type { Facts } from '../admit/facts.ts'
import { isSigning } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import type { DiagnosisBudget } from './budget.ts'
import { firstDifference } from './difference.ts'
import { diagnoseMismatch, mismatches, type MismatchKind } from './mismatch.ts'
import { diagnoseReplay, replays, type ReplayKind } from './replayed-call.ts'
import { diagnoseSpelling, spellings, type SpellingKind } from './spelling.ts'

export type DiagnosisKind = MismatchKind | ReplayKind | `header_${SpellingKind}` | 'healed'

export interface Diagnosis {
  readonly kind: DiagnosisKind
  readonly detail: string | undefined
}

/**
 * @param refusal undefined if the request was admitted; refusals that a route only reports are diagnosed, too.
 * @param nowMs monotonic milliseconds.
 */
export function diagnose(
  head: RequestHead,
  facts: Facts,
  refusal: Reason | undefined,
  budget: DiagnosisBudget,
  nowMs: number,
): Diagnosis | undefined {
  const { reportOnly = [] } = facts
  if (refusal === 'signature_malformed' || reportOnly.includes('signature_malformed')) {
    const spelling = diagnoseSpelling(fieldValues(head.rawHeaders, 'x-inngest-signature'))
    return { kind: `header_${spelling}`, detail: undefined }
  }
  return diagnoseClaim(facts, budget, nowMs) ?? diagnoseBody(head, facts, budget, nowMs)
}

function diagnoseClaim(
  { route, replayedBody }: Facts,
  budget: DiagnosisBudget,
  nowMs: number,
): Diagnosis | undefined {
  if (replayedBody === undefined || route?.kind !== 'inngest') return undefined
  return route.isServerLegacy ? undefined : diagnoseReplay(replayedBody, budget, nowMs)
}

function diagnoseBody(
  head: RequestHead,
  { route, evidence }: Facts,
  budget: DiagnosisBudget,
  nowMs: number,
): Diagnosis | undefined {
  if (evidence === undefined || route === undefined || !isSigning(route)) return undefined
  const { body, credentials, canonical, isHealed } = evidence
  if (isHealed && canonical !== undefined) return healed(body, canonical)
  const { signingKeys: keys, otherKeys } = route
  return diagnoseMismatch(
    { method: head.method, body, canonical, credentials, keys, otherKeys },
    budget,
    nowMs,
  )
}

function healed(body: Uint8Array, signedBody: Uint8Array): Diagnosis {
  const difference = firstDifference(body, signedBody)
  const detail = difference && `${difference.kind} at byte ${String(difference.offset)}`
  return { kind: 'healed', detail }
}

/** One sentence for the operator. */
export function meaningOf(kind: DiagnosisKind): string {
  if (kind === 'healed')
    return 'A proxy rewrites the JSON; the gateway verified and forwarded the signed form.'
  if (isKindOf(replays, kind)) return replays[kind]
  if (isKindOf(mismatches, kind)) return mismatches[kind]
  return spellings[kind.slice('header_'.length) as SpellingKind].meaning
}

export function isDiagnosisKind(text: string): text is DiagnosisKind {
  const spelling = text.startsWith('header_') ? text.slice('header_'.length) : ''
  const isOfBody = isKindOf(mismatches, text) || isKindOf(replays, text)
  return text === 'healed' || isOfBody || isKindOf(spellings, spelling)
}

function isKindOf<T extends object>(table: T, text: string): text is Extract<keyof T, string> {
  return Object.hasOwn(table, text)
}
