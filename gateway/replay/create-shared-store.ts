/** The replay store on Redis, with the client that the configuration describes. */
import type { Logger } from 'pino'

import type { Settings } from '../config/compile.ts'
import { createRedisClient } from './redis-client.ts'
import { RedisLink } from './redis-link.ts'
import { RedisReplayStore } from './redis-store.ts'

export function createSharedStore(
  { config, replaySecrets }: Settings,
  clock: { nowMs(): number },
  logger: Logger,
): RedisReplayStore {
  const { timeoutMs, keyPrefix, coldStart, ...server } = config.replay
  const client = createRedisClient({ ...server, ...replaySecrets })
  return new RedisReplayStore({
    client,
    link: new RedisLink({ client, keyPrefix, clock, logger }),
    keyPrefix,
    timeoutMs,
    refusesBeforeStart: coldStart === 'refuse',
  })
}
