/**
 * Compares the unsigned `fnId` of the query with the signed `ctx.fn_id`. The first is the app's name of a
 * function, the second the server's id of it, so neither can be computed from the other. But no id ever had two
 * names (268 functions in 7,258 calls of a real server, 1.43). One name may have several ids: the same app in
 * several branch environments. So the name for each id is learned from verified calls (pairs/).
 */
import { copied } from '../copied.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

export interface FunctionPair {
  /** The `fnId` of the calls with this `ctx.fn_id`. */
  readonly fnId: string
  /** Calls of two runs agreed. If only one run taught the pair, either call may be the changed one. */
  readonly isKnown: boolean
}

/** A pair to learn from one verified call. */
export interface PairLesson {
  /** The result of `pairKey`. */
  readonly key: string
  readonly fnId: string
  /** `ctx.run_id`, which is signed. */
  readonly runId: string
}

/** The ids of Inngest's server are UUIDs and ULIDs. */
const PLAIN_ID = /^[\w.-]{1,128}$/

const LONGEST_FN_ID = 256

/**
 * @param scope of the route: routes with the same scope share their pairs.
 * @param functionId `ctx.fn_id`.
 * @returns undefined if the id is missing or does not look like one of Inngest's server.
 */
export function pairKey(scope: string, functionId: string | undefined): string | undefined {
  return isPlain(functionId) ? `${functionId} ${scope}` : undefined
}

/** @param pair undefined if none was learned. */
export function checkFunctionId(pair: FunctionPair | undefined, fnId: string): Verdict<undefined> {
  const isContradicted = pair !== undefined && pair.fnId !== fnId
  return isContradicted ? refuse('function_id_mismatch') : pass(undefined)
}

/** @returns undefined if there is nothing to learn: a known pair is never replaced. */
export function lessonOf(
  pair: FunctionPair | undefined,
  { key, fnId, runId }: { key: string; fnId: string; runId: string | undefined },
): PairLesson | undefined {
  if (pair?.isKnown === true && pair.fnId !== fnId) return undefined
  if (fnId.length > LONGEST_FN_ID || !isPlain(runId)) return undefined
  // Copied, because the pair is kept for days, and a substring would keep the whole request in memory.
  return { key, fnId: copied(fnId), runId: copied(runId) }
}

function isPlain(id: string | undefined): id is string {
  return id !== undefined && PLAIN_ID.test(id)
}
