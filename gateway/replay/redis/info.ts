/** The parts of a Redis server's INFO that decide whether its claims can be relied on. */
import type { Redis } from 'ioredis'

import { plainError } from '../../redact/safe-text.ts'

export interface RedisInfo {
  /** Differs after each start. */
  readonly runId: string
  readonly uptimeSeconds: number
  /** Whether it takes writes of its own, unlike a replica. */
  readonly isPrimary: boolean
  /** Identifies the history of its data; differs after each failover, too. */
  readonly replicationId: string
  /** Whether it was promoted from a replica since it started. */
  readonly hasTakenOver: boolean
  /** Whether it may evict keys that have not expired. */
  readonly mayEvict: boolean
}

/** @returns a text that says why there is no INFO, if there is none. */
export async function askInfo(redis: Redis): Promise<RedisInfo | string> {
  const { db = 0 } = redis.options
  try {
    // If SELECT fails, the library silently stays in database 0, where other gateways would not look.
    if (db !== 0) await redis.select(db)
    const info = parseRedisInfo(await redis.info())
    return info ?? 'INFO lacks uptime, role or eviction policy'
  } catch (error) {
    return `INFO failed: ${plainError(error)}`
  }
}

/** @returns why the server must not take claims, if there is a reason. */
export function troubleIn({ mayEvict }: RedisInfo): string | undefined {
  return mayEvict
    ? 'the server can evict live claims: set maxmemory-policy to noeviction'
    : undefined
}

/** @param text the reply to INFO. @returns undefined if a required field is missing. */
export function parseRedisInfo(text: string): RedisInfo | undefined {
  const fields = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  const [runId, uptime] = [fields.get('run_id'), fields.get('uptime_in_seconds')]
  const role = fields.get('role')
  const [limit, policy] = [fields.get('maxmemory'), fields.get('maxmemory_policy')]
  if (runId === undefined || uptime === undefined || !/^\d+$/.test(uptime)) return undefined
  if (limit === undefined || policy === undefined || role === undefined) return undefined
  return {
    runId,
    uptimeSeconds: Number(uptime),
    isPrimary: role === 'master',
    replicationId: fields.get('master_replid') ?? '',
    // The previous replication id, which only a promoted replica has.
    hasTakenOver: /[1-9a-f]/.test(fields.get('master_replid2') ?? ''),
    mayEvict: limit !== '0' && policy !== 'noeviction',
  }
}
