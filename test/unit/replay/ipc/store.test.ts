import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'

import { answerAsks } from '../../../../gateway/replay/ipc/server.ts'
import {
  IpcReplayStore,
  type Ask,
  type IpcStoreOptions,
} from '../../../../gateway/replay/ipc/store.ts'
import { MemoryReplayStore } from '../../../../gateway/replay/memory/store.ts'
import type { Claim } from '../../../../gateway/replay/store.ts'
import { describeStoreContract } from '../../../support/store-contract.ts'

const t = 1_700_000_000

/** Between two processes, nothing is shared: what is sent is a copy. */
function workerOf(memory: MemoryReplayStore): IpcReplayStore {
  const store = new IpcReplayStore({
    remembersFromSeconds: 0,
    timeoutMs: 1000,
    send: (asks, onWritten) => {
      onWritten()
      void answerAsks(structuredClone(asks), memory).then((replies) => {
        store.answered(structuredClone(replies))
      })
    },
  })
  return store
}

function storeThat(send: IpcStoreOptions['send'], timeoutMs = 20) {
  const store = new IpcReplayStore({ send, timeoutMs, remembersFromSeconds: 0 })
  const claim = (key: Uint8Array = randomBytes(32)) =>
    store.claim(claimOf(key), () => 'here', t * 1000)
  return { store, claim }
}

function claimOf(key: Uint8Array): Claim {
  return { key, timestampSeconds: t, expiresAtSeconds: t + 600, shared: undefined, owner: 1 }
}

describeStoreContract('IpcReplayStore', t, () => {
  const memory = new MemoryReplayStore({ maxEntries: 10_000, remembersFromSeconds: 0 })
  const store = workerOf(memory)
  return Promise.resolve({ store, end: () => store.close() })
})

describe('IpcReplayStore', () => {
  it('shares its claims and redirects with the other workers', async () => {
    const memory = new MemoryReplayStore({ maxEntries: 10, remembersFromSeconds: 0 })
    const [one, other] = [workerOf(memory), workerOf(memory)]
    const claim = claimOf(randomBytes(32))
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        (i % 2 === 0 ? one : other).claim(claim, () => 'here', t * 1000),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1)
    expect(await one.rearm(claim, 'there', t * 1000)).toBe(true)
    expect(await other.claim(claim, () => 'there', t * 1000)).toBe('followed')
    expect(await one.claim(claim, () => 'there', t * 1000)).toBe('followed_before')
  })

  it('tells full and before_start as they are', async () => {
    const full = workerOf(new MemoryReplayStore({ maxEntries: 0, remembersFromSeconds: 0 }))
    expect(await full.claim(claimOf(randomBytes(32)), () => 'here', t * 1000)).toBe('full')
    const young = workerOf(new MemoryReplayStore({ maxEntries: 9, remembersFromSeconds: t + 1 }))
    expect(await young.claim(claimOf(randomBytes(32)), () => 'here', t * 1000)).toBe('before_start')
  })

  it('asks in one message what is asked at once', async () => {
    const sent: (readonly Ask[])[] = []
    const { store, claim } = storeThat((asks) => {
      sent.push(asks)
      store.answered(asks.map(([id]) => [id, 'claimed']))
    })
    await Promise.all(Array.from({ length: 50 }, () => claim()))
    expect(sent.map((asks) => asks.length)).toEqual([50])
  })

  it('sends what is asked meanwhile when the answer is there, in one message', async () => {
    const sent: (readonly Ask[])[] = []
    const { store, claim } = storeThat((asks) => sent.push(asks), 60_000)
    const answer = (i: number) => {
      store.answered((sent[i] ?? []).map(([id]) => [id, 'claimed']))
    }
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const first = claim()
    await turn()
    const later = [claim(), claim()]
    await turn()
    later.push(claim())
    await turn()
    expect(sent.map((asks) => asks.length)).toEqual([1])
    answer(0)
    expect(await first).toBe('claimed')
    expect(sent.map((asks) => asks.length)).toEqual([1, 3])
    answer(1)
    expect(await Promise.all(later)).toEqual(['claimed', 'claimed', 'claimed'])
  })

  it('asks again after an answer that was lost', async () => {
    let messages = 0
    const { store, claim } = storeThat((asks) => {
      messages += 1
      if (messages > 1) store.answered(asks.map(([id]) => [id, 'claimed']))
    }, 1000)
    const lost = expect(claim()).rejects.toThrow('no response in time')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await claim()).toBe('claimed')
    await lost
    expect(messages).toBe(2)
  })

  it('throws when no answer comes in time, and hears no late one', async () => {
    const asked: Ask[] = []
    const { store, claim } = storeThat((asks) => asked.push(...asks))
    await expect(claim()).rejects.toThrow('replay store unavailable: no response in time')
    store.answered(asked.map(([id]) => [id, 'claimed']))
    await expect(claim()).rejects.toThrow('replay store unavailable: no response in time')
  })

  it('reads the answers that are there before it gives up on them', async () => {
    const { store, claim } = storeThat((asks) => {
      // The answers come while this process is busy for longer than it would wait.
      setImmediate(() => {
        const untilMs = performance.now() + 60
        while (performance.now() < untilMs);
        process.nextTick(() => {
          store.answered(asks.map(([id]) => [id, 'claimed']))
        })
      })
    })
    expect(await claim()).toBe('claimed')
  })

  it('counts no time in which it was itself too busy to ask', async () => {
    const { store, claim } = storeThat((asks) => {
      setImmediate(() => {
        store.answered(asks.map(([id]) => [id, 'claimed']))
      })
    })
    const asked = claim()
    const untilMs = performance.now() + 60
    while (performance.now() < untilMs);
    expect(await asked).toBe('claimed')
  })

  it('throws when it is closed, at once and for what was asked before', async () => {
    const { store, claim } = storeThat(() => undefined, 60_000)
    const before = claim()
    const closed = expect(before).rejects.toThrow('replay store unavailable: closed')
    await store.close()
    await closed
    await expect(claim()).rejects.toThrow('replay store unavailable: closed')
    expect(store.unavailableBecause).toBe('closed')
  })

  it('throws when the other side could not tell, or told something else', async () => {
    const { store, claim } = storeThat((asks) => {
      store.answered(asks.map(([id]) => [id, 'failed']))
    })
    await expect(claim()).rejects.toThrow('replay store')
    await expect(store.rearm(claimOf(randomBytes(32)), 'there', t * 1000)).rejects.toThrow(
      'replay store',
    )
  })

  it('asks nothing more while the other side reads nothing', async () => {
    let messages = 0
    const { store, claim } = storeThat(() => (messages += 1), 10)
    await Promise.allSettled(Array.from({ length: 10_001 }, () => claim()))
    expect(store.unavailableBecause).toBe('no response in time')
    await expect(claim()).rejects.toThrow('replay store unavailable: no response in time')
    expect(messages).toBe(1)
  })
})
