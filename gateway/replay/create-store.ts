/** The stores that the configuration asks for: of claims, and of the function pairs beside them. */
import type { Logger } from 'pino'

import type { Settings } from '../config/compile.ts'
import { FallbackPairs } from '../pairs/fallback-pairs.ts'
import { FallbackReplayStore } from './memory/fallback-store.ts'
import { MemoryReplayStore } from './memory/store.ts'
import type { Stores } from './store.ts'

/** @param startSeconds the first second that it remembers whole. */
export function createMemoryStore({ config }: Settings, startSeconds: number): MemoryReplayStore {
  const { maxEntries, coldStart } = config.replay
  const remembersFromSeconds = coldStart === 'refuse' ? startSeconds : 0
  return new MemoryReplayStore({ maxEntries, remembersFromSeconds })
}

/** @param memory what is remembered on this machine, should that be asked for. */
export async function createStores(
  settings: Settings,
  memory: Stores,
  clock: { nowMs(): number },
  logger: Logger,
): Promise<Stores> {
  const { store, whenUnavailable } = settings.config.replay
  if (store === 'memory') return memory
  // Its client is a large library, which nobody else waits for.
  const { createSharedStore } = await import('./redis/create-store.ts')
  const shared = createSharedStore(settings, clock, logger)
  if (whenUnavailable === 'refuse') return shared
  return {
    replay: new FallbackReplayStore(shared.replay, memory.replay, logger),
    pairs: new FallbackPairs(shared.pairs, memory.pairs),
  }
}
