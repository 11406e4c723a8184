/** Claims at a shared store, as a test makes them: signed now unless it says otherwise. */
import { randomBytes } from 'node:crypto'

import { expect } from 'vitest'

import type { RedisReplayStore } from '../../gateway/replay/redis-store.ts'

export const nowSeconds = () => Math.floor(Date.now() / 1000)

export const claimOf = (key: Uint8Array, timestampSeconds = nowSeconds()) => ({
  key,
  timestampSeconds,
  expiresAtSeconds: timestampSeconds + 600,
})

/** @returns why it could not be told, otherwise. */
export const claim = (store: RedisReplayStore, key: Uint8Array, timestampSeconds?: number) =>
  store
    .claim(claimOf(key, timestampSeconds), () => 'here', Date.now())
    .catch((error: unknown) => (error instanceof Error ? error.message : 'failed'))

export const isUp = (store: RedisReplayStore) =>
  expect.poll(() => store.unavailableBecause, { timeout: 20_000 }).toBe(undefined)

/** Until it takes what is signed now: a store that is new refuses it for two seconds. */
export async function isSettled(store: RedisReplayStore): Promise<void> {
  await isUp(store)
  await expect.poll(() => claim(store, randomBytes(32))).toBe('claimed')
}
