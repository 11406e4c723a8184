/** Stores on a real Redis, closed after each test. */
import { pino, type Logger } from 'pino'
import { afterEach } from 'vitest'

import {
  createRedisClient,
  isCluster,
  type RedisConfig,
} from '../../gateway/replay/redis/client.ts'
import { RedisKeys } from '../../gateway/replay/redis/keys.ts'
import { RedisLink } from '../../gateway/replay/redis/health.ts'
import { RedisReplayStore } from '../../gateway/replay/redis/store.ts'

const stores: RedisReplayStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

const keyPrefix = 'test:'

/** Patient unless told otherwise, and with a key prefix of `test:`. */
export function redisStoreOn(
  where: Partial<RedisConfig> & { timeoutMs?: number },
  refusesBeforeStart = false,
  logger: Logger = pino({ level: 'silent' }),
): RedisReplayStore {
  const { timeoutMs = 5000, ...server } = where
  const client = createRedisClient({ cluster: false, ...server })
  const clock = { nowMs: () => Date.now() }
  const keys = new RedisKeys(keyPrefix, isCluster(client))
  const link = new RedisLink({ client, keys, clock, logger })
  const store = new RedisReplayStore({
    client,
    link,
    keys,
    timeoutMs,
    refusesBeforeStart,
  })
  stores.push(store)
  return store
}
