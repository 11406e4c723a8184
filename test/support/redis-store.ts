/** Stores of claims and of function pairs on a real Redis, closed after each test. */
import { pino, type Logger } from 'pino'
import { afterEach } from 'vitest'

import {
  createRedisClient,
  isCluster,
  type RedisConfig,
} from '../../gateway/replay/redis/client.ts'
import { RedisPairs } from '../../gateway/pairs/redis-pairs.ts'
import { RedisKeys } from '../../gateway/replay/redis/keys.ts'
import { RedisHealth } from '../../gateway/replay/redis/health.ts'
import { RedisReplayStore } from '../../gateway/replay/redis/store.ts'

const stores: RedisReplayStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

const keyPrefix = 'test:'

type Where = Partial<RedisConfig> & { timeoutMs?: number }

/** With a long timeout by default, and the key prefix `test:`. */
export function redisStoreOn(
  where: Where,
  refusesBeforeStart = false,
  logger: Logger = pino({ level: 'silent' }),
): RedisReplayStore {
  return redisStoresOn(where, refusesBeforeStart, logger).replay
}

/** The two that share a connection. */
export function redisStoresOn(
  where: Where,
  refusesBeforeStart = false,
  logger: Logger = pino({ level: 'silent' }),
): { readonly replay: RedisReplayStore; readonly pairs: RedisPairs } {
  const { timeoutMs = 5000, ...server } = where
  const client = createRedisClient({ cluster: false, ...server })
  const clock = { nowMs: () => Date.now() }
  const keys = new RedisKeys(keyPrefix, isCluster(client))
  const link = new RedisHealth({ client, keys, clock, logger })
  const shared = { client, link, keys, timeoutMs }
  const replay = new RedisReplayStore({ ...shared, refusesBeforeStart })
  stores.push(replay)
  return { replay, pairs: new RedisPairs(shared) }
}
