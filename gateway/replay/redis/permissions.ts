/**
 * Whether a server has every command that claims need, and lets this user run it. Found out at the
 * start by running each on a key of its own: a claim, a redirect or a release would find out too late.
 * The scripts are loaded on the way, so that the first claim too is one round trip.
 */
import type { Redis } from 'ioredis'

import { plainError } from '../../redact/safe-text.ts'
import { scripts } from './scripts.ts'

const LEAST_VERSION = 'Redis 6.2 or Valkey 7.2 at least'

/** Each with what it changes nothing by: the key is never there. */
function trialsOn(key: string): readonly (readonly [string, ...string[]])[] {
  return [
    ['GET', key],
    ['SET', key, '', 'PX', '1', 'XX'],
    ['DEL', key],
    ['EXISTS', key],
    ['PTTL', key],
    ['PEXPIRE', key, '1'],
    // The only one that makes the key, which is gone at once.
    ['INCR', key],
    ['PEXPIRE', key, '1'],
    ['EVAL', 'return 1', '1', key],
    ['EVALSHA', '0'.repeat(40), '1', key],
    ...scripts.map(({ text }) => ['SCRIPT', 'LOAD', text] as const),
  ]
}

/**
 * @param key any below the prefix. In a cluster it may be another node's: that is looked at after the
 * command and the user's rights are.
 * @returns what is missing, if anything. @throws if the connection breaks.
 */
export async function missingRight(redis: Redis, key: string): Promise<string | undefined> {
  const { username } = redis.options
  const user = username === undefined ? 'the default user' : `user ${username}`
  for (const [command, ...args] of trialsOn(key)) {
    const why = await failureOf(redis, command, args)
    if (why === undefined) continue
    if (/unknown (?:redis )?command|syntax error/i.test(why)) {
      return `the server has no ${command}, which claims need (${LEAST_VERSION})`
    }
    if (/^NOPERM/.test(why)) return `${user} may not run ${command}, which claims need: ${why}`
  }
  return undefined
}

async function failureOf(
  redis: Redis,
  command: string,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    await redis.call(command, [...args])
    return undefined
  } catch (error) {
    return plainError(error)
  }
}
