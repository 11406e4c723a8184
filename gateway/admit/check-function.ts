/** Compares the unsigned `fnId` with the one that earlier calls with the same signed `ctx.fn_id` had. */
import {
  checkFunctionId,
  lessonOf,
  pairKey,
  type FunctionPair,
  type PairLesson,
} from './checks/function-id.ts'
import type { Facts, ReportOnlyReason } from './facts.ts'
import type { CallParameters } from '../inngest/call-parameters.ts'
import type { SignedCall } from '../inngest/signed-call.ts'
import type { Admission } from './context.ts'
import { applyModeTo } from './check-mode.ts'
import type { CheckMode, InngestRoutePolicy } from './policy.ts'
import { pass, type Eventual, type Verdict } from './verdict.ts'

/**
 * @param parameters not ambiguous: checkSignedUse refuses a call that could name either of two functions.
 * @returns the pair to learn once the signature is claimed, if there is one.
 */
export function checkFunction(
  admission: Admission,
  { pairScope, checks }: InngestRoutePolicy,
  { functionId, runId }: SignedCall,
  { fnId }: CallParameters,
): Eventual<PairLesson | undefined> {
  const { effects, facts } = admission
  const mode = checks.functionId
  const key = pairKey(pairScope, functionId)
  if (mode === 'off' || fnId === null || key === undefined) return pass(undefined)
  const recalled = effects.pairs.recall(key)
  if (recalled !== undefined) return compare(recalled, fnId, mode, facts)
  return checkWithStore(admission, mode, { key, fnId, runId })
}

async function checkWithStore(
  admission: Admission,
  mode: CheckMode,
  call: { key: string; fnId: string; runId: string | undefined },
): Promise<Verdict<PairLesson | undefined>> {
  const { facts } = admission
  const pair = await find(admission, call.key, mode)
  const agrees = compare(pair, call.fnId, mode, facts)
  return agrees.ok && !isDoubtful(facts) ? pass(lessonOf(pair, call)) : agrees
}

/** If the store is unavailable, only the pairs in local memory count, unless the check is enforced. */
async function find(
  { effects }: Admission,
  key: string,
  mode: CheckMode,
): Promise<FunctionPair | undefined> {
  try {
    return await effects.pairs.find(key)
  } catch (error) {
    if (mode === 'enforce') throw error
    return undefined
  }
}

function compare(
  pair: FunctionPair | undefined,
  fnId: string,
  mode: CheckMode,
  facts: Facts,
): Verdict<undefined> {
  if (pair !== undefined && pair.fnId !== fnId) facts.expectedFnId = pair.fnId
  return applyModeTo(modeFor(pair, mode), facts, checkFunctionId(pair, fnId))
}

/** If two runs contradict each other, it is unknown which call was changed, so the refusal is only reported. */
function modeFor(pair: FunctionPair | undefined, mode: CheckMode): CheckMode {
  return pair?.isKnown === true ? mode : 'report'
}

const CONTRADICTIONS = new Set<ReportOnlyReason>(['run_id_mismatch', 'call_ids_mismatch'])

function isDoubtful({ reportOnly }: Facts): boolean {
  return reportOnly?.some((reason) => CONTRADICTIONS.has(reason)) === true
}
