import { describe, expect, it } from 'vitest'

import { answerPairAsk, IpcPairs, type PairAsk } from '../../../gateway/pairs/ipc-pairs.ts'
import { MemoryPairs } from '../../../gateway/pairs/memory-pairs.ts'
import { describePairStore } from '../../support/pair-contract.ts'

const lesson = { key: 'id app', fnId: 'a', runId: 'r1' }

/** A worker whose messages go to a process with `memory`. */
function startWorker(memory: MemoryPairs): IpcPairs {
  const pairs = new IpcPairs({
    timeoutMs: 10_000,
    send: (ask) => {
      void answerPairAsk(structuredClone(ask), memory).then((reply) => {
        pairs.answered(structuredClone(reply))
      })
    },
  })
  return pairs
}

describe('IpcPairs', () => {
  describePairStore(() => Promise.resolve(startWorker(new MemoryPairs())))

  it('share what each of them learns', async () => {
    const memory = new MemoryPairs()
    const [one, other] = [startWorker(memory), startWorker(memory)]
    await one.learn(lesson, 0)
    await other.learn({ ...lesson, runId: 'r2' }, 0)
    expect(await one.find('id app', 0)).toEqual({ fnId: 'a', isKnown: true })
  })

  it('fail where no reply comes in time', async () => {
    const pairs = new IpcPairs({ timeoutMs: 1, send: () => undefined })
    await expect(pairs.find('id app', 0)).rejects.toThrow('no response in time')
    await expect(pairs.learn(lesson, 0)).rejects.toThrow('no response in time')
  })

  it('send no more once a thousand messages were not read', async () => {
    const sent: PairAsk[] = []
    const pairs = new IpcPairs({ timeoutMs: 1, send: (ask) => sent.push(ask) })
    const finds = Array.from({ length: 1001 }, () => pairs.find('id app', 0))
    const results = await Promise.allSettled(finds)
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(sent).toHaveLength(1000)
    for (const { id } of sent) pairs.answered({ id, pair: undefined })
    const again = pairs.find('id app', 0)
    pairs.answered({ id: sent.at(-1)?.id ?? 0, pair: { fnId: 'a', isKnown: true } })
    expect(await again).toEqual({ fnId: 'a', isKnown: true })
  })
})
