/** Why a legitimate call may have been refused as a replay, for the operator's log and metric. */
import type { Body } from '../inngest/body.ts'
import { canonicalizeJson } from '../inngest/jcs/canonical-json.ts'
import { carriesDispatchId, lacksDispatchId } from '../inngest/dispatch-id.ts'
import { maxExaminedBytes } from './attempts.ts'
import type { DiagnosisBudget } from './budget.ts'

/** One sentence for the operator; never sent. */
export const replays = {
  no_dispatch_id:
    'The replayed function call has neither `ctx.request_id` nor `ctx.qi_id`: an Inngest server older than 1.13.5 signs parallel steps identically. For such a server set `legacyServer: true` on the route.',
} as const satisfies Record<string, string>

export type ReplayKind = keyof typeof replays

export interface ReplayDiagnosis {
  readonly kind: ReplayKind
  readonly detail: string
}

/**
 * @param nowMs monotonic milliseconds.
 * @returns undefined if there is no explanation.
 */
export function diagnoseReplay(
  signed: Body,
  budget: DiagnosisBudget,
  nowMs: number,
): ReplayDiagnosis | undefined {
  const { byteLength } = signed
  if (carriesDispatchId(signed) || byteLength > maxExaminedBytes) return undefined
  if (!budget.take(byteLength, nowMs)) return undefined
  const canonical = canonicalizeJson(signed.whole())
  return canonical !== undefined && lacksDispatchId(canonical)
    ? { kind: 'no_dispatch_id', detail: SETTING }
    : undefined
}

const SETTING = 'legacyServer: true on the route, if the Inngest server is older than 1.13.5'
