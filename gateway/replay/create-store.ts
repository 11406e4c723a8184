/** The replay store that the configuration asks for. */
import type { Logger } from 'pino'

import type { Settings } from '../config/compile.ts'
import { FallbackReplayStore } from './fallback-store.ts'
import { MemoryReplayStore } from './memory-store.ts'
import { createRedisClient } from './redis-client.ts'
import { RedisLink } from './redis-link.ts'
import { RedisReplayStore } from './redis-store.ts'
import type { ReplayStore } from './store.ts'

/** @param startSeconds the first second that it remembers whole. */
export function createMemoryStore({ config }: Settings, startSeconds: number): MemoryReplayStore {
  const { maxEntries, coldStart } = config.replay
  const remembersFromSeconds = coldStart === 'refuse' ? startSeconds : 0
  return new MemoryReplayStore({ maxEntries, remembersFromSeconds })
}

/** @param memory what is remembered on this machine, should that be asked for. */
export function createReplayStore(
  { config, replaySecrets }: Settings,
  memory: ReplayStore,
  clock: { nowMs(): number },
  logger: Logger,
): ReplayStore {
  const { replay } = config
  if (replay.store === 'memory') return memory
  const { url, username, sentinels, sentinelName, cluster, timeoutMs, keyPrefix } = replay
  const server = { url, username, sentinels, sentinelName, cluster, timeoutMs }
  const client = createRedisClient({ ...server, ...replaySecrets })
  const shared = new RedisReplayStore({
    client,
    link: new RedisLink(client, clock, logger),
    keyPrefix,
    timeoutMs,
    refusesBeforeStart: replay.coldStart === 'refuse',
  })
  return replay.whenDown === 'refuse' ? shared : new FallbackReplayStore(shared, memory, logger)
}
