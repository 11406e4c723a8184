/** Claims at a shared store, by default signed now. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

import { expect } from 'vitest'

import type { RedisReplayStore } from '../../gateway/replay/redis/store.ts'
import type { RedisServer } from './redis-server.ts'

export const nowSeconds = () => Math.floor(Date.now() / 1000)

export const claimOf = (key: Uint8Array, timestampSeconds = nowSeconds()) => ({
  owner: 1,
  key,
  timestampSeconds,
  expiresAtSeconds: timestampSeconds + 600,
  shared: undefined,
})

/** @returns the outcome, or the reason why there is none. */
export const claim = (store: RedisReplayStore, key: Uint8Array, timestampSeconds?: number) =>
  store
    .claim(claimOf(key, timestampSeconds), () => 'here', Date.now())
    .catch((error: unknown) => (error instanceof Error ? error.message : 'failed'))

export const isUp = (store: RedisReplayStore) =>
  expect.poll(() => store.unavailableBecause, { timeout: 20_000 }).toBe(undefined)

/** Waits until it accepts a signature made now: a new store refuses it for two seconds. */
export async function isSettled(store: RedisReplayStore): Promise<void> {
  await isUp(store)
  await expect.poll(() => claim(store, randomBytes(32))).toBe('claimed')
}

/** Blocks this process until the server has sent its reply to the claim of a key, and a while longer. */
export function waitBlindly({ port }: RedisServer, key: Uint8Array, moreMs: number): void {
  const name = `test:{${Buffer.from(key).toString('base64url')}}`
  const isThere = () =>
    spawnSync('redis-cli', ['-p', String(port), 'exists', name], { encoding: 'utf8' }).stdout
  for (let i = 0; i < 1000 && isThere() !== '1\n'; i += 1);
  // When it handles another command, it has replied to the earlier ones.
  isThere()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, moreMs)
}

/**
 * The outcome for a key once a busy server replies in time. A claim with a late reply was made nevertheless,
 * and is a duplicate the next time.
 */
export async function claimInTime(store: RedisReplayStore, key: Uint8Array): Promise<string> {
  let outcome = ''
  const again = async () => (outcome = await claim(store, key))
  await expect.poll(again).not.toMatch(/no response in time|not connected/)
  return outcome
}

/** Expects that the claim which is made here is kept for so long, from the time when the server received it. */
export async function expectKept(
  { client }: RedisServer,
  makeClaim: () => Promise<unknown>,
  seconds: number,
): Promise<void> {
  const beforeMs = Date.now()
  await makeClaim()
  const afterMs = Date.now()
  const [name = ''] = await client.keys('*{*')
  const overMs = await client.pexpiretime(name)
  // The clock of the server is coarse.
  expect(overMs).toBeGreaterThan(beforeMs + seconds * 1000 - 1000)
  expect(overMs).toBeLessThan(afterMs + seconds * 1000 + 1000)
}
