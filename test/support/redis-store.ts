/** Stores on a real Redis, closed after each test. */
import { pino } from 'pino'
import { afterEach } from 'vitest'

import { createRedisClient, type RedisConfig } from '../../gateway/replay/redis-client.ts'
import { RedisLink } from '../../gateway/replay/redis-link.ts'
import { RedisReplayStore } from '../../gateway/replay/redis-store.ts'

const stores: RedisReplayStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

const keyPrefix = 'test:'

/** Patient unless told otherwise, and with a key prefix of `test:`. */
export function redisStoreOn(
  where: Partial<RedisConfig> & { timeoutMs?: number },
  refusesBeforeStart = false,
): RedisReplayStore {
  const { timeoutMs = 5000, ...server } = where
  const client = createRedisClient({ cluster: false, ...server })
  const clock = { nowMs: () => Date.now() }
  const link = new RedisLink({ client, keyPrefix, clock, logger: pino({ level: 'silent' }) })
  const store = new RedisReplayStore({
    client,
    link,
    keyPrefix,
    timeoutMs,
    refusesBeforeStart,
  })
  stores.push(store)
  return store
}
