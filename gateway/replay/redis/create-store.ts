/** The replay store on Redis, with the client that the configuration describes. */
import type { Logger } from 'pino'

import type { Settings } from '../../config/compile.ts'
import { createRedisClient, isCluster } from './client.ts'
import { RedisKeys } from './keys.ts'
import { RedisLink } from './health.ts'
import { RedisReplayStore } from './store.ts'

export function createSharedStore(
  { config, replaySecrets }: Settings,
  clock: { nowMs(): number },
  logger: Logger,
): RedisReplayStore {
  const { timeoutMs, keyPrefix, coldStart, ...server } = config.replay
  const client = createRedisClient({ ...server, ...replaySecrets })
  const keys = new RedisKeys(keyPrefix, isCluster(client))
  return new RedisReplayStore({
    client,
    link: new RedisLink({ client, keys, clock, logger }),
    keys,
    timeoutMs,
    refusesBeforeStart: coldStart === 'refuse',
  })
}
