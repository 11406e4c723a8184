/** The side of the primary process: applies the operations of workers (store.ts) to the store that they share. */
import type { Ask, Outcome, Reply } from './store.ts'
import type { Claim, ReplayStore } from '../store.ts'

export function answerAsks(asks: readonly Ask[], store: ReplayStore): Promise<Reply[]> {
  return Promise.all(asks.map(async (ask) => [ask[0], await outcomeOf(ask, store)] as const))
}

async function outcomeOf(ask: Ask, store: ReplayStore): Promise<Outcome> {
  const [, what, key, timestampSeconds, expiresAtSeconds, owner, nowMs, target, shared] = ask
  const claim = { key, shared, timestampSeconds, expiresAtSeconds, owner }
  try {
    if (what === 'claim') return await claimOf(claim, target, nowMs, store)
    if (what === 'release') {
      return (await store.release(claim, target, nowMs)) ? 'released' : 'not released'
    }
    if (what === 'look up') {
      return (await store.isClaimed(key, timestampSeconds, nowMs)) ? 'known' : 'not known'
    }
    return (await store.rearm(claim, target ?? '', nowMs)) ? 'rearmed' : 'not rearmed'
  } catch {
    return 'failed'
  }
}

async function claimOf(
  claim: Claim,
  target: string | undefined,
  nowMs: number,
  store: ReplayStore,
): Promise<Outcome> {
  const asked = { forTarget: false }
  const nameTarget = () => {
    asked.forTarget = true
    // No target has an empty name, so the empty name matches none.
    return target ?? ''
  }
  const outcome = await store.claim(claim, nameTarget, nowMs)
  return asked.forTarget && target === undefined ? 'target?' : outcome
}
