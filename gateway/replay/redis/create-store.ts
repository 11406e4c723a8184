/** What replicas share on Redis, with the client that the configuration describes. */
import type { Logger } from 'pino'

import type { Settings } from '../../config/compile.ts'
import { RedisPairs } from '../../pairs/redis-pairs.ts'
import type { Stores } from '../store.ts'
import { createRedisClient, isCluster } from './client.ts'
import { RedisKeys } from './keys.ts'
import { RedisHealth } from './health.ts'
import { RedisReplayStore } from './store.ts'

export function createSharedStore(
  { config, replaySecrets }: Settings,
  clock: { nowMs(): number },
  logger: Logger,
): Stores {
  const { timeoutMs, keyPrefix, coldStart, ...server } = config.replay
  const client = createRedisClient({ ...server, ...replaySecrets })
  const keys = new RedisKeys(keyPrefix, isCluster(client))
  const link = new RedisHealth({ client, keys, clock, logger })
  const shared = { client, link, keys, timeoutMs }
  return {
    replay: new RedisReplayStore({ ...shared, refusesBeforeStart: coldStart === 'refuse' }),
    pairs: new RedisPairs(shared),
  }
}
