/** The atomic operations on claims and on function pairs in Redis. */
import { createHash } from 'node:crypto'
import type { RedisClient } from './client.ts'

/** A Lua script. Redis runs it as one step, without commands of other clients in between. */
export class RedisScript {
  readonly text: string
  readonly #sha1: string

  constructor(text: string) {
    this.text = text
    this.#sha1 = createHash('sha1').update(text).digest('hex')
  }

  /** @param keys must all be in one slot of a cluster. */
  async run(
    client: RedisClient,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha1, keys.length, ...keys, ...args)
    } catch (error) {
      // The server has lost the script since it was loaded (permissions.ts). EVAL runs it and loads it again.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await client.eval(this.text, keys.length, ...keys, ...args)
    }
  }
}

/**
 * The mark is read in the same step as the claim is made, so that a server that was just emptied admits
 * nothing that was signed before. The first claim writes the mark anew.
 * KEYS: mark, claim. ARGV: owner, life in ms, the mark of a server that has none, the latest mark that this signature may have.
 */
export const claimScript = new RedisScript(`
local since = redis.call('GET', KEYS[1])
if not since then
  redis.call('SET', KEYS[1], ARGV[3])
  since = ARGV[3]
end
if tonumber(since) > tonumber(ARGV[4]) then return 'before_start' end
if redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') then return 'claimed' end
local known = redis.call('GET', KEYS[2])
if known and string.find(known, ':', 1, true) then return 'other_kind' end
return 'duplicate'
`)

/**
 * The same for a request that shares its MAC with others. The value of the MAC's key is `kind:count`, which
 * differs from every owner. The key of the MAC outlives each claim that shares it.
 * KEYS: mark, claim, MAC. ARGV: as above, then the kind and the most claims.
 */
export const claimSharedScript = new RedisScript(`
local since = redis.call('GET', KEYS[1])
if not since then
  redis.call('SET', KEYS[1], ARGV[3])
  since = ARGV[3]
end
if tonumber(since) > tonumber(ARGV[4]) then return 'before_start' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'duplicate' end
local known = redis.call('GET', KEYS[3])
local count = 0
if known then
  local kind, before = string.match(known, '^(%l+):(%d+)$')
  if kind ~= ARGV[5] then return 'other_kind' end
  count = tonumber(before)
end
if count >= tonumber(ARGV[6]) then return 'too_many' end
local life = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[3]))
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[3], ARGV[5] .. ':' .. (count + 1), 'PX', life)
return 'claimed'
`)

/**
 * If several requests follow a redirect at once, one of them succeeds and owns the claim from then on.
 * KEYS: claim, target. ARGV: owner.
 */
export const followScript = new RedisScript(`
if redis.call('DEL', KEYS[2]) == 0 then return 0 end
local life = redis.call('PTTL', KEYS[1])
if life > 0 then redis.call('SET', KEYS[1], ARGV[1], 'PX', life) end
return 1
`)

/** KEYS: claim, count of redirects, target. ARGV: life in ms, most redirects. */
export const rearmScript = new RedisScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local redirects = redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
if redirects > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[3], '', 'PX', ARGV[1])
return 1
`)

/** KEYS: claim. ARGV: owner. */
export const releaseScript = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)

/** KEYS: claim, MAC. ARGV: owner. */
export const releaseSharedScript = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
local kind, count = string.match(redis.call('GET', KEYS[2]) or '', '^(%l+):(%d+)$')
local life = redis.call('PTTL', KEYS[2])
if kind and tonumber(count) > 1 and life > 0 then
  redis.call('SET', KEYS[2], kind .. ':' .. (count - 1), 'PX', life)
elseif kind then
  redis.call('DEL', KEYS[2])
end
return 1
`)

/**
 * Allows the target of a redirect to use the key again, and removes the owner.
 * KEYS: claim, target. ARGV: owner.
 */
export const restoreScript = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local life = redis.call('PTTL', KEYS[1])
if life <= 0 then return 0 end
redis.call('SET', KEYS[1], '', 'PX', life)
redis.call('SET', KEYS[2], '', 'PX', life)
return 1
`)

/**
 * What `learned` (pairs/pair-store.ts) does. KEYS: pair, count of new pairs.
 * ARGV: fnId, run, life in ms, most new pairs, for how long they are counted in ms.
 */
export const learnPairScript = new RedisScript(`
local kept = redis.call('GET', KEYS[1])
local run, fnId
if kept then
  run, fnId = string.match(kept, '^(%S*) (.*)$')
  if run == '' and fnId ~= ARGV[1] then return kept end
else
  local new = redis.call('INCR', KEYS[2])
  if new == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
  if new > tonumber(ARGV[4]) then return false end
end
local pair = ARGV[2] .. ' ' .. ARGV[1]
if fnId == ARGV[1] and run ~= ARGV[2] then pair = ' ' .. ARGV[1] end
redis.call('SET', KEYS[1], pair, 'PX', ARGV[3])
return pair
`)

export const scripts: readonly RedisScript[] = [
  claimScript,
  claimSharedScript,
  followScript,
  rearmScript,
  releaseScript,
  releaseSharedScript,
  restoreScript,
  learnPairScript,
]
