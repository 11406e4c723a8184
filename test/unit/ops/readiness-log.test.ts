/** That whatever keeps a gateway from being ready is named in the log, soon and not too often. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { pino } from 'pino'

import { ReadinessLog } from '../../../gateway/ops/readiness-log.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start(first: string | undefined) {
  const lines: object[] = []
  const write = (line: string) => {
    const { msg, why, for_seconds } = JSON.parse(line) as Record<string, unknown>
    lines.push({ msg, why, for_seconds })
  }
  const startedMs = Date.now()
  const clock = { monotonicMs: () => Date.now() - startedMs }
  let why = first
  const log = new ReadinessLog(
    { notReadyBecause: () => Promise.resolve(why) },
    pino({}, { write }),
    clock,
  )
  const pass = async (seconds: number) => {
    await vi.advanceTimersByTimeAsync(seconds * 1000)
    return lines.splice(0)
  }
  return {
    log,
    pass,
    become: (next: string | undefined) => {
      why = next
    },
  }
}

it('says nothing of a gateway that is ready', async () => {
  const { pass } = start(undefined)
  expect(await pass(100)).toEqual([])
})

it.each(['replay store', 'fetching ranges', 'starting', 'draining', 'no worker'])(
  'names "%s" after five seconds and each minute after',
  async (why) => {
    const { pass } = start(why)
    expect(await pass(4)).toEqual([])
    expect(await pass(1)).toEqual([{ msg: 'not ready', why, for_seconds: 5 }])
    expect(await pass(59)).toEqual([])
    expect(await pass(1)).toEqual([{ msg: 'not ready', why, for_seconds: 65 }])
  },
)

it('says nothing of what is over within five seconds', async () => {
  const { pass, become } = start('starting')
  await pass(3)
  become(undefined)
  expect(await pass(10)).toEqual([])
})

it('names another reason without waiting a minute, and not more often than every five seconds', async () => {
  const { pass, become } = start('fetching ranges')
  await pass(5)
  become('replay store')
  expect(await pass(4)).toEqual([])
  expect(await pass(1)).toEqual([{ msg: 'not ready', why: 'replay store', for_seconds: 10 }])
  become(undefined)
  expect(await pass(1)).toEqual([{ msg: 'ready' }])
  become('draining')
  expect(await pass(6)).toEqual([{ msg: 'not ready', why: 'draining', for_seconds: 5 }])
})

it('says nothing once it is stopped', async () => {
  const { log, pass } = start('draining')
  log.stop()
  expect(await pass(100)).toEqual([])
})
