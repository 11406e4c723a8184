/** The contract of every replay store for looking up a MAC without claiming it. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'

import type { SharedMac } from '../../gateway/admit/facts.ts'
import type { ReplayStore } from '../../gateway/replay/store.ts'

export function testLookUps(
  nowSeconds: number,
  start: () => Promise<{ readonly store: ReplayStore }>,
): void {
  it('knows a claimed MAC, alone or shared, without claiming it', async () => {
    const { store } = await start()
    const nowMs = nowSeconds * 1000
    const isClaimed = (mac: Uint8Array) => store.isClaimed(mac, nowSeconds, nowMs)
    const claimOf = (key: Uint8Array, shared?: SharedMac) => ({
      key,
      shared,
      owner: 1,
      timestampSeconds: nowSeconds,
      expiresAtSeconds: nowSeconds + 600,
    })
    const claim = (key: Uint8Array, shared?: SharedMac) =>
      store.claim(claimOf(key, shared), () => 'here', nowMs)
    const [alone, mac, released] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    for (const each of [alone, alone, mac]) expect(await isClaimed(each)).toBe(false)
    expect(await claim(alone)).toBe('claimed')
    expect(await claim(randomBytes(32), { mac, kind: 'reentry' })).toBe('claimed')
    for (const each of [alone, mac]) expect(await isClaimed(each)).toBe(true)
    await claim(released)
    await store.release(claimOf(released), undefined, nowMs)
    expect(await isClaimed(released)).toBe(false)
  })
}
