/** The replay store that the configuration asks for. */
import type { Logger } from 'pino'

import type { Settings } from '../config/compile.ts'
import { FallbackReplayStore } from './memory/fallback-store.ts'
import { MemoryReplayStore } from './memory/store.ts'
import type { ReplayStore } from './store.ts'

/** @param startSeconds the first second that it remembers whole. */
export function createMemoryStore({ config }: Settings, startSeconds: number): MemoryReplayStore {
  const { maxEntries, coldStart } = config.replay
  const remembersFromSeconds = coldStart === 'refuse' ? startSeconds : 0
  return new MemoryReplayStore({ maxEntries, remembersFromSeconds })
}

/** @param memory what is remembered on this machine, should that be asked for. */
export async function createReplayStore(
  settings: Settings,
  memory: ReplayStore,
  clock: { nowMs(): number },
  logger: Logger,
): Promise<ReplayStore> {
  const { store, whenDown } = settings.config.replay
  if (store === 'memory') return memory
  // Its client is a large library, which nobody else waits for.
  const { createSharedStore } = await import('./redis/create-store.ts')
  const shared = createSharedStore(settings, clock, logger)
  return whenDown === 'refuse' ? shared : new FallbackReplayStore(shared, memory, logger)
}
