import { describe, expect, it } from 'vitest'

import { parseRedisInfo } from '../../../../gateway/replay/redis/info.ts'
import { HistoryHorizon } from '../../../../gateway/replay/redis/history-horizon.ts'

const now = 1_700_000_000
const server = (runId: string, uptimeSeconds: number, isPrimary = true) => ({
  runId,
  replicationId: 'first',
  uptimeSeconds,
  isPrimary,
  hasTakenOver: false,
  mayEvict: false,
})

describe('HistoryHorizon', () => {
  it('reaches back to when the youngest of the first servers started', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 1000), true, now * 1000)
    expect(memory.remembersFromSeconds).toBe(now - 998)
    memory.lookedAt(server('b', 100), true, now * 1000)
    memory.lookedAt(server('c', 500), true, now * 1000)
    expect(memory.remembersFromSeconds).toBe(now - 98)
  })

  it('is not shortened by the same server again', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 1000), true, now * 1000)
    memory.lookedAt(server('a', 1060), false, (now + 60) * 1000)
    expect(memory.remembersFromSeconds).toBe(now - 998)
  })

  const claimMany = (memory: HistoryHorizon, aheadSeconds: number) => {
    for (let i = 0; i < 10; i += 1) memory.claimed(now + aheadSeconds, now * 1000)
  }

  it('begins later by as much as signatures come from the future', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 1000), true, now * 1000)
    claimMany(memory, 50)
    memory.lookedAt(server('b', 5), false, now * 1000)
    expect(memory.remembersFromSeconds).toBe(now + 52)
  })

  it('begins no later for a single signature from the future, or for old ones', () => {
    const memory = new HistoryHorizon()
    memory.claimed(now + 300, now * 1000)
    claimMany(memory, -20)
    expect(memory.lossSeconds(now * 1000)).toBe(now)
  })

  it('does not begin more than a minute ahead of the clock', () => {
    const memory = new HistoryHorizon()
    claimMany(memory, 300)
    expect(memory.lossSeconds(now * 1000)).toBe(now + 60)
  })

  it('begins anew with a server that was started again, and with one that took over', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 1000), true, now * 1000)
    memory.lookedAt(server('b', 5), false, (now + 60) * 1000)
    expect(memory.remembersFromSeconds).toBe(now + 62)
    memory.lookedAt(server('c', 86_400), false, (now + 90) * 1000)
    expect(memory.remembersFromSeconds).toBe(now + 92)
  })

  it('begins anew with a replica that became a primary, and not with one that stays a replica', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 1000), true, now * 1000)
    memory.lookedAt(server('b', 1000, false), true, now * 1000)
    memory.lookedAt(server('b', 1030, false), false, (now + 30) * 1000)
    expect(memory.remembersFromSeconds).toBe(now - 998)
    memory.lookedAt(server('b', 1060), false, (now + 60) * 1000)
    expect(memory.remembersFromSeconds).toBe(now + 62)
  })

  it('begins anew with a primary that is one again, though it was never seen as a replica', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 1000), true, now * 1000)
    memory.lookedAt({ ...server('b', 1000), replicationId: 'second' }, false, (now + 10) * 1000)
    const again = { ...server('a', 1020), replicationId: 'third', hasTakenOver: true }
    memory.lookedAt(again, false, (now + 20) * 1000)
    expect(memory.remembersFromSeconds).toBe(now + 22)
  })

  it('knows nothing of before the first look at a server that took over at some time', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt({ ...server('a', 1000), hasTakenOver: true }, true, now * 1000)
    expect(memory.remembersFromSeconds).toBe(now + 2)
  })

  it('does not reach back further when the clock does', () => {
    const memory = new HistoryHorizon()
    memory.lookedAt(server('a', 10), true, now * 1000)
    memory.lookedAt(server('b', 10), false, (now - 600) * 1000)
    expect(memory.remembersFromSeconds).toBe(now - 8)
  })
})

describe('parseRedisInfo', () => {
  const text = (policy: string, limit: string, replid2 = '0000') =>
    `# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\nuptime_in_seconds:17\r\n\r\n# Replication\r\nrole:master\r\nmaster_replid:1f\r\nmaster_replid2:${replid2}\r\n# Memory\r\nmaxmemory:${limit}\r\nmaxmemory_policy:${policy}\r\n`

  it.each([
    ['noeviction', '0', false],
    ['noeviction', '1000', false],
    ['allkeys-lru', '0', false],
    ['allkeys-lru', '1000', true],
    ['volatile-ttl', '1000', true],
  ])('takes %s with a limit of %s for one that may evict: %s', (policy, limit, mayEvict) => {
    expect(parseRedisInfo(text(policy, limit))).toEqual({
      runId: 'abc',
      uptimeSeconds: 17,
      isPrimary: true,
      replicationId: '1f',
      hasTakenOver: false,
      mayEvict,
    })
  })

  it('knows one that has taken over by the replication id that it had before', () => {
    expect(parseRedisInfo(text('noeviction', '0', '00a0'))).toMatchObject({ hasTakenOver: true })
  })

  it.each(['', 'run_id:abc', 'run_id:abc\nuptime_in_seconds:x\nmaxmemory:0\nmaxmemory_policy:y'])(
    'gives nothing for %j',
    (wrong) => {
      expect(parseRedisInfo(wrong)).toBe(undefined)
    },
  )
})
