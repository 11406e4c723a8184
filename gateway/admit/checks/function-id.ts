/**
 * The unsigned `fnId` of the query against the signed `ctx.fn_id`. The first is the app's name of a function,
 * the second is the server's id of it, so that neither can be computed from the other. But an id never
 * had two names (268 functions in 7,258 calls of a real server, 1.43). One name may have several ids:
 * the same app in several branch environments. So the name that belongs to an id is learned from verified
 * calls (pairs/).
 */
import { copied } from '../copied.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

export interface FunctionPair {
  /** The `fnId` of the calls with this `ctx.fn_id`. */
  readonly fnId: string
  /** Calls of two runs agreed. Of a pair that one run taught, either call could be the changed one. */
  readonly isKnown: boolean
}

/** What one verified call teaches. */
export interface PairLesson {
  /** What `pairKey` returned. */
  readonly key: string
  readonly fnId: string
  /** `ctx.run_id`, which is signed. */
  readonly runId: string
}

/** Ids of Inngest's server: UUIDs and ULIDs. */
const PLAIN_ID = /^[\w.-]{1,128}$/

const LONGEST_FN_ID = 256

/**
 * @param scope of the route: pairs are shared within it.
 * @param functionId `ctx.fn_id`.
 * @returns undefined for an id that is missing, or that is not one of Inngest's server.
 */
export function pairKey(scope: string, functionId: string | undefined): string | undefined {
  return isPlain(functionId) ? `${functionId} ${scope}` : undefined
}

/** @param pair undefined if none was learned. */
export function checkFunctionId(pair: FunctionPair | undefined, fnId: string): Verdict<undefined> {
  const isContradicted = pair !== undefined && pair.fnId !== fnId
  return isContradicted ? refuse('function_id_mismatch') : pass(undefined)
}

/** @returns undefined if nothing is to be learned: a known pair is never replaced. */
export function lessonOf(
  pair: FunctionPair | undefined,
  { key, fnId, runId }: { key: string; fnId: string; runId: string | undefined },
): PairLesson | undefined {
  if (pair?.isKnown === true && pair.fnId !== fnId) return undefined
  if (fnId.length > LONGEST_FN_ID || !isPlain(runId)) return undefined
  // Kept for days, unlike the request that they are cut from.
  return { key, fnId: copied(fnId), runId: copied(runId) }
}

function isPlain(id: string | undefined): id is string {
  return id !== undefined && PLAIN_ID.test(id)
}
