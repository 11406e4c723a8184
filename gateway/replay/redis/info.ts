/** What a Redis server says of itself that decides whether it can be relied on. */
import type { Redis } from 'ioredis'

import { plainError } from '../../redact/safe-text.ts'

export interface RedisInfo {
  /** Another one after each start. */
  readonly runId: string
  readonly uptimeSeconds: number
  /** Takes claims, and not those of another server only. */
  readonly isPrimary: boolean
  /** Of what it has replicated or served: another one after each take-over too. */
  readonly replicationId: string
  /** It has taken over from another since it started. */
  readonly hasTakenOver: boolean
  /** Whether it may throw away live keys to make room. */
  readonly mayEvict: boolean
}

/** @returns why it cannot be told, otherwise. */
export async function askInfo(redis: Redis): Promise<RedisInfo | string> {
  const { db = 0 } = redis.options
  try {
    // Refused another database, the library goes on in the first, and other gateways elsewhere.
    if (db !== 0) await redis.select(db)
    const info = parseRedisInfo(await redis.info())
    return info ?? 'INFO lacks uptime, role or eviction policy'
  } catch (error) {
    return `INFO failed: ${plainError(error)}`
  }
}

/** What stands against claims there, if anything. */
export function troubleIn({ mayEvict }: RedisInfo): string | undefined {
  return mayEvict
    ? 'the server can evict live claims: set maxmemory-policy to noeviction'
    : undefined
}

/** @param text the answer to INFO. @returns undefined if something needed is not in it. */
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
    // What it went by before, which only a replica that was promoted has.
    hasTakenOver: /[1-9a-f]/.test(fields.get('master_replid2') ?? ''),
    mayEvict: limit !== '0' && policy !== 'noeviction',
  }
}
