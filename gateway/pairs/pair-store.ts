/**
 * The contract of a store of function pairs, and how pairs are learned from calls. A call that was changed in
 * transit cannot be distinguished from an honest one if its signature is unused. So one run alone makes no
 * pair known.
 */
import type { FunctionPair, PairLesson } from '../admit/checks/function-id.ts'

export interface PairStore {
  /** @throws if the store is unavailable, or does not respond in time. */
  find(key: string, nowMs: number): Promise<FunctionPair | undefined>
  /**
   * @returns the pair from now on; undefined if there is no room for another one.
   * @throws as `find` does.
   */
  learn(lesson: PairLesson, nowMs: number): Promise<FunctionPair | undefined>
}

/** A pair as it is kept. */
export interface KeptPair {
  readonly fnId: string
  /** The run that taught it; empty for a known pair. */
  readonly runId: string
}

/**
 * How long a pair is kept without another call that agrees. A function that runs once a week keeps its pair;
 * one that the app renamed is learned anew after it.
 */
export const PAIR_LIFE_MS = 8 * 24 * 60 * 60 * 1000

/** The most recently used pairs that a process remembers, and the most new pairs a day in a shared store. */
export const MOST_PAIRS = 10_000

/**
 * A pair is known once the calls of two runs in a row agree. Until then a call of another `fnId` begins
 * anew, so that a pair that was taught wrongly does not stay; after that none replaces it.
 * The script of the shared store (replay/redis/scripts.ts) does the same.
 */
export function learned(kept: KeptPair | undefined, { fnId, runId }: PairLesson): KeptPair {
  if (kept?.fnId !== fnId) return kept?.runId === '' ? kept : { fnId, runId }
  return kept.runId === runId ? kept : { fnId, runId: '' }
}

export function pairOf({ fnId, runId }: KeptPair): FunctionPair {
  return { fnId, isKnown: runId === '' }
}
