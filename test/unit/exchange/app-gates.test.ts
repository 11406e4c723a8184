import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { RouteLimitsPolicy } from '../../../gateway/admit/policy.ts'
import { AppGates } from '../../../gateway/exchange/app-gates.ts'
import { Capacity, type Hold } from '../../../gateway/exchange/capacity.ts'

const machine = { maxRequestsInFlight: 8, maxBufferedBytes: 1_000_000 }
const capacity = new Capacity(() => machine)
const never = new AbortController().signal

let gates: AppGates
beforeEach(() => {
  vi.useFakeTimers()
  gates = new AppGates(
    () => machine,
    () => performance.now(),
  )
})
afterEach(() => vi.useRealTimers())

const limits = (own: Partial<RouteLimitsPolicy>): RouteLimitsPolicy => ({
  maxRequestsInFlight: undefined,
  rate: undefined,
  maxWaitMs: 10_000,
  ...own,
})
const one = limits({ maxRequestsInFlight: 1 })

/** A call, and what became of its wait. */
function come(to = one, { route = 'app', bytes = 0, signal = never } = {}) {
  const hold = capacity.hold()
  hold.reserve(bytes)
  const gate = gates.of(route, to)
  const seen: { hold: Hold; outcome: string } = { hold, outcome: 'waits' }
  if (gate.tryEnter(hold)) seen.outcome = 'entered'
  else
    void gate.wait(hold, signal).then((refusal) => {
      seen.outcome = refusal ?? 'entered'
    })
  return seen
}

function follow(of: RouteLimitsPolicy | undefined) {
  gates.follow([{ name: 'app', limits: of }])
}

const settle = () => vi.advanceTimersByTimeAsync(0)

describe('a gate with places', () => {
  it('lets those that wait through in the order in which they came', async () => {
    const [first, second, third] = [come(), come(), come()]
    expect([first.outcome, second.outcome]).toEqual(['entered', 'waits'])
    first.hold.end()
    await settle()
    expect([second.outcome, third.outcome]).toEqual(['entered', 'waits'])
    // A place that has become free belongs to those that wait, not to one that comes.
    second.hold.end()
    const late = come()
    await settle()
    expect([third.outcome, late.outcome]).toEqual(['entered', 'waits'])
  })

  it('refuses a call that has waited for too long', async () => {
    come()
    const second = come()
    await vi.advanceTimersByTimeAsync(9999)
    expect(second.outcome).toBe('waits')
    await vi.advanceTimersByTimeAsync(1)
    expect(second.outcome).toBe('app_requests_full')
    expect(gates.states).toEqual([{ route: 'app', requests: 1, waiting: 0 }])
  })

  it('refuses at once if calls shall not wait', async () => {
    const to = limits({ maxRequestsInFlight: 1, maxWaitMs: 0 })
    come(to)
    const second = come(to)
    await settle()
    expect(second.outcome).toBe('app_requests_full')
  })

  it('passes over a call whose client has left', async () => {
    const first = come()
    const leaving = new AbortController()
    come(one, { signal: leaving.signal })
    const third = come()
    leaving.abort()
    first.hold.end()
    await settle()
    expect(third.outcome).toBe('entered')
    expect(gates.states).toEqual([{ route: 'app', requests: 1, waiting: 0 }])
  })

  it('gets the place of a call back whose client leaves in the moment of its turn', async () => {
    const first = come()
    const leaving = new AbortController()
    const second = come(one, { signal: leaving.signal })
    first.hold.end()
    leaving.abort()
    second.hold.end()
    await settle()
    expect(gates.states).toEqual([{ route: 'app', requests: 0, waiting: 0 }])
  })

  it('keeps the calls of different routes apart', () => {
    come()
    expect(come(one, { route: 'other' }).outcome).toBe('entered')
  })

  it('lets more through when a reload raises its limit', async () => {
    come()
    const second = come()
    follow(limits({ maxRequestsInFlight: 2 }))
    await settle()
    expect(second.outcome).toBe('entered')
  })

  it('keeps the limit of a reload when a call comes that began before it', async () => {
    come()
    follow(limits({ maxRequestsInFlight: 2 }))
    const begunBefore = come(one)
    await settle()
    expect(begunBefore.outcome).toBe('entered')
  })

  it('lets those that wait through when a reload removes the limits of its route', async () => {
    come()
    const waiting = [come(), come()]
    follow(undefined)
    await settle()
    expect(waiting.map(({ outcome }) => outcome)).toEqual(['entered', 'entered'])
  })
})

describe('a gate with a rate', () => {
  const slow = limits({ rate: { perSecond: 2, burst: 1 } })

  it('lets those that wait through at its rate', async () => {
    const calls = [come(slow), come(slow), come(slow)]
    const outcomes = () => calls.map(({ outcome }) => outcome)
    expect(outcomes()).toEqual(['entered', 'waits', 'waits'])
    await vi.advanceTimersByTimeAsync(499)
    expect(outcomes()).toEqual(['entered', 'waits', 'waits'])
    await vi.advanceTimersByTimeAsync(1)
    expect(outcomes()).toEqual(['entered', 'entered', 'waits'])
    await vi.advanceTimersByTimeAsync(500)
    expect(outcomes()).toEqual(['entered', 'entered', 'entered'])
  })

  it('lets no call that comes pass those that wait, even if there is a token again', async () => {
    let nowMs = 0
    gates = new AppGates(
      () => machine,
      () => nowMs,
    )
    const [, second] = [come(slow), come(slow)]
    nowMs = 500
    const third = come(slow)
    await settle()
    expect([second.outcome, third.outcome]).toEqual(['entered', 'waits'])
  })

  it('refuses with a reason of its own', async () => {
    const rare = limits({ rate: { perSecond: 1 / 60, burst: 1 } })
    come(rare)
    const second = come(rare)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(second.outcome).toBe('app_rate_exceeded')
  })

  it('does not take a place as long as it has no token for it', async () => {
    const both = limits({ maxRequestsInFlight: 1, rate: { perSecond: 1, burst: 1 } })
    const first = come(both)
    const second = come(both)
    first.hold.end()
    await settle()
    expect(second.outcome).toBe('waits')
    await vi.advanceTimersByTimeAsync(1000)
    expect(second.outcome).toBe('entered')
  })
})

describe('the room for all that wait', () => {
  it('has half of the places in flight', async () => {
    come()
    come(one, { route: 'other' })
    const waiting = [come(), come(), come(one, { route: 'other' }), come()]
    const fifth = come(one, { route: 'other' })
    await settle()
    expect(waiting.map(({ outcome }) => outcome)).toEqual(['waits', 'waits', 'waits', 'waits'])
    expect(fifth.outcome).toBe('app_queue_full')
  })

  it('has half of the memory for bodies, and gets back what it held', async () => {
    const first = come()
    const second = come(one, { bytes: 300_000 })
    const third = come(one, { bytes: 300_000 })
    await settle()
    expect([second.outcome, third.outcome]).toEqual(['waits', 'app_queue_full'])
    first.hold.end()
    const fourth = come(one, { bytes: 300_000 })
    await settle()
    expect([second.outcome, fourth.outcome]).toEqual(['entered', 'waits'])
    for (const { hold } of [first, second, third, fourth]) hold.end()
  })

  it('is closed some time after the gateway began to stop', async () => {
    const first = come()
    const second = come()
    gates.endWaitsWithin(2000)
    await vi.advanceTimersByTimeAsync(1999)
    expect(second.outcome).toBe('waits')
    await vi.advanceTimersByTimeAsync(1)
    expect(second.outcome).toBe('app_requests_full')
    const third = come()
    await settle()
    expect(third.outcome).toBe('app_queue_full')
    first.hold.end()
    expect(come().outcome).toBe('entered')
  })
})
